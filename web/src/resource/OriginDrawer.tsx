// Where a row came from: file, line, the text as the file has it, its neighbours, who and when.
import { FileTextOutlined, LeftOutlined, RightOutlined } from '@ant-design/icons'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Button, Drawer } from 'antd'
import { useTranslation } from 'react-i18next'
import { hub } from '../api/hub'
import type { DatasetDetail, Origin } from '../api/types'
import { Code, Facts, Who } from '../app/bits'
import { fullTime, num } from '../app/format'
import { useKeys } from '../app/keyboard'
import { Loaded, Skeleton } from '../app/states'
import { encodingName } from '../app/status'

interface Props { d: DatasetDetail; batch: string | undefined; line: number | undefined; onClose: () => void; onStep: (by: number) => void }

export function OriginDrawer({ d, batch, line, onClose, onStep }: Props) {
  const { t } = useTranslation()
  const open = !!batch && line !== undefined
  useKeys(open ? { j: () => onStep(1), k: () => onStep(-1) } : {}, { inDialogs: true })
  return (
    <Drawer open={open} onClose={onClose} size={620} title={t('origin.title')} destroyOnHidden
      extra={<span className="drawer-step"><Button type="text" icon={<LeftOutlined />} aria-label={t('table.back')} onClick={() => onStep(-1)} /><Button type="text" icon={<RightOutlined />} aria-label={t('table.next')} onClick={() => onStep(1)} /></span>}>
      {open && <Body d={d} batch={batch} line={line} />}
    </Drawer>
  )
}

function Body({ d, batch, line }: { d: DatasetDetail; batch: string; line: number }) {
  const { t } = useTranslation()
  const origin = useQuery({ queryKey: ['origin', d.id, batch, line], queryFn: () => hub.origin(d.id, batch, line) })
  return (
    <Loaded of={origin} skeleton={<Skeleton rows={8} />}>{(o) => (
      <div className="drawer-body">
        <ol className="path" aria-label={t('origin.path')}>
          <li><FileTextOutlined aria-hidden /><span><b>{o.file.slice(o.file.lastIndexOf('/') + 1)}</b>{o.member && <small>{o.member}</small>}</span></li>
          <li><span><b className="num">{t('origin.line', { n: num(o.row) })}</b>{(o.sheet || o.range) && <small>{[o.sheet, o.range].filter(Boolean).join(' · ')}</small>}</span></li>
          <li><span><b>{d.name}</b><small>{d.sql}</small></span></li>
        </ol>
        {o.mended && <p className="recipe">{t('origin.mended')}</p>}
        <section>
          <h3>{t('origin.values')}</h3>
          <dl className="origin-values">{o.values.map((v) => <div key={v.column}><dt>{v.column}</dt><dd>{v.text === null ? <span className="nil">{t('grid.nil')}</span> : v.text === '' ? <span className="nil">{t('grid.blank')}</span> : v.text}</dd></div>)}</dl>
        </section>
        <Around o={o} />
        <section>
          <h3>{t('origin.record')}</h3>
          <Facts columns={2} items={[
            [t('common.file'), o.file], ['SHA-256', <Code key="h" cut={18}>{o.sha256}</Code>],
            [t('adjust.encoding'), o.encoding ? encodingName(o.encoding) : '—'], [t('common.department'), o.department === d.department ? d.department_name || d.department : o.department],
            [t('receipt.batch'), <Link key="b" to="/batches" search={{ row: o.batch }}>{o.batch}</Link>], [t('common.who'), <Who key="w" account={o.account} name={o.account_name} />],
            [t('common.when'), fullTime(o.at)], [t('receipt.snapshot'), d.snapshot ? <Code key="s" cut={12}>{d.snapshot}</Code> : '—'],
          ]} />
        </section>
      </div>
    )}</Loaded>
  )
}

/** Around shows the neighbours of a row in its file. */
function Around({ o }: { o: Origin }) {
  const { t } = useTranslation()
  if (o.around.length < 2) return null
  return (
    <section>
      <h3>{t('origin.around')}</h3>
      <ol className="around">{o.around.map((r) => <li key={r.row} className={r.row === o.row ? 'on' : ''}><span className="num">{r.row}</span><code>{r.values.map((v) => v ?? '').join('  ·  ')}</code></li>)}</ol>
    </section>
  )
}
