// The preview grid: the file's own rows, coloured by what they are taken for.
import { Dropdown } from 'antd'
import { useRef } from 'react'
import { useTranslation } from 'react-i18next'
import type { Area, TableReport } from '../api/types'
import { num } from '../app/format'
import { firstRow, moved, physical, type GridRow } from './grid'

export function Grid({ table, onArea }: { table: TableReport; onArea: (a: Area) => void }) {
  const { t } = useTranslation()
  const rows = physical(table)
  const width = table.columns.length
  const start = firstRow(table.place)
  const menu = (line: number) => ({ items: [
    { key: 'header_start', label: t('grid.header_start', { line }), onClick: () => onArea(moved(table, 'header_start', line)) },
    ...(line >= start ? [{ key: 'header_end', label: t('grid.header_end', { line }), onClick: () => onArea(moved(table, 'header_end', line)) }, { key: 'data_end', label: t('grid.data_end', { line }), onClick: () => onArea(moved(table, 'data_end', line)) }] : []),
  ] })
  const number = (r: GridRow) => {
    const label = r.line === 0 ? '' : r.to && r.to > r.line ? `${r.line}–${r.to}` : String(r.line)
    if (r.line === 0) return <span className="num">{label}</span>
    return <LineMenu items={menu(r.line).items} name={t('grid.line_menu', { line: label })}>{label}</LineMenu>
  }
  return (
    <div className="grid" tabIndex={0} role="region" aria-label={t('upload.preview')}>
      <table>
        <caption className="sr">{t('grid.caption')}</caption>
        <tbody>
          {rows.map((r, i) => (
            <tr key={`${r.line}-${i}`} className={`k-${r.kind}`}>
              <th scope="row">{number(r)}</th>
              {r.kind === 'header' && (r.cells ?? []).map((c, j) => <th key={j} scope="col" className={align(table, j) ? 'right' : undefined} title={c ?? ''}>{c}{table.columns[j]?.unit && <small> {table.columns[j]?.unit}</small>}</th>)}
              {r.kind === 'data' && (r.cells ?? []).map((c, j) => <td key={j} className={align(table, j)} title={c ?? undefined}>{c === null ? <span className="nil">{t('grid.nil')}</span> : c}</td>)}
              {(r.kind === 'note' || r.kind === 'section' || r.kind === 'total') && <td colSpan={width}><b>{t(`note.${r.note ?? 'note'}`, r.note ?? '')}</b>{r.text}</td>}
              {r.kind === 'rejected' && <td colSpan={width}><b>{r.reason}</b><code>{r.text}</code></td>}
              {r.kind === 'gap' && <td colSpan={width}>{t('grid.rest', { n: num(table.rows - (table.preview?.rows.length ?? 0)) })}</td>}
            </tr>
          ))}
          {rows.length === 0 && <tr className="k-gap"><th scope="row">{'\u00A0'}</th><td>{t('grid.none')}</td></tr>}
        </tbody>
      </table>
    </div>
  )
}

/** LineMenu is the number of a line with what one may say about it; closed by the keyboard it gives the focus back. */
function LineMenu({ items, name, children }: { items: { key: string; label: string; onClick: () => void }[]; name: string; children: string }) {
  const button = useRef<HTMLButtonElement>(null)
  const back = (open: boolean) => { if (!open && document.activeElement?.closest('.ant-dropdown')) button.current?.focus() }
  return <Dropdown trigger={['click']} autoFocus menu={{ items }} onOpenChange={back}><button ref={button} type="button" className="num" aria-label={name}>{children}</button></Dropdown>
}

const align = (t: TableReport, j: number) => (t.columns[j]?.type === 'integer' || t.columns[j]?.type === 'decimal' ? 'right num' : undefined)
