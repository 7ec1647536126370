// A small box for one SELECT, as the caller: the gate rewrites it, the answer is on record.
import { DownloadOutlined, PlayCircleOutlined } from '@ant-design/icons'
import { useMutation, useQuery } from '@tanstack/react-query'
import { App, Button, Input } from 'antd'
import { useEffect, useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { hub } from '../api/hub'
import type { Value } from '../api/types'
import { Card, PageHead } from '../app/bits'
import { num, span } from '../app/format'
import { readPref, writePref } from '../app/prefs'
import { Failure, Says, Skeleton } from '../app/states'
import { useUrl } from '../app/url'
import { DataTable, type Col } from '../table/DataTable'
import { saveBlob } from '../table/csv'

const limit = 1000

export default function Query() {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const [query, set] = useUrl()
  const [sql, setSql] = useState(query.sql ?? readPref('sql', ''))
  const datasets = useQuery({ queryKey: ['datasets', 'sql'], queryFn: () => hub.datasets({ limit: 30, sort: 'updated' }) })
  const ask = useMutation({ mutationFn: async (text: string) => { const began = performance.now(); const r = await hub.query(text, limit); return { ...r, seconds: (performance.now() - began) / 1000 } } })
  const run = () => {
    const text = sql.trim().replace(/;+\s*$/, '')
    if (!text) return
    writePref('sql', text)
    set({ sql: text })
    ask.mutate(text)
  }
  const { mutate } = ask
  const [arrived] = useState(query.sql)
  useEffect(() => { if (arrived) mutate(arrived) }, [arrived, mutate])
  const data = ask.data
  const columns = useMemo<Col<{ n: number; row: Value[] }>[]>(() => [
    { key: '#', title: '#', head: true, width: 56, render: (r) => <span className="num muted">{r.n}</span> },
    ...(data?.columns ?? []).map((c, i): Col<{ n: number; row: Value[] }> => ({ key: `${i}:${c.name}`, title: c.name, ...(c.type === 'integer' || c.type === 'decimal' ? { align: 'right' as const } : {}), render: (r) => { const v = r.row[i]; return v === null || v === undefined ? <span className="nil">{t('grid.nil')}</span> : <span className="cell" title={String(v)}>{String(v)}</span> } })),
  ], [data, t])
  return (
    <>
      <PageHead title={t('menu.query')} trail={t('menu.resource')} sub={t('query.sub')} />
      <div className="query">
        <Card flush className="query-box">
          <Input.TextArea className="mono sql" aria-label="SQL" spellCheck={false} autoSize={{ minRows: 6, maxRows: 18 }} placeholder="SELECT …" value={sql} onChange={(e) => setSql(e.target.value)} onKeyDown={(e) => { if (e.key === 'Enter' && (e.ctrlKey || e.metaKey)) { e.preventDefault(); run() } }} />
          <div className="query-bar">
            <span className="muted">{t('query.keys')}</span><span className="grow" />
            <Button icon={<DownloadOutlined />} disabled={!sql.trim()} onClick={() => void hub.queryCsv(sql.trim()).then((b) => saveBlob('query.csv', b), (e: unknown) => void message.error(e instanceof Error ? e.message : String(e)))}>{t('table.export')}</Button>
            <Button type="primary" icon={<PlayCircleOutlined />} loading={ask.isPending} disabled={!sql.trim()} onClick={run}>{t('query.run')}</Button>
          </div>
        </Card>
        <Card title={t('query.tables')} className="query-tables">
          <ul className="plain-list">{(datasets.data?.items ?? []).map((d) => <li key={d.id}><button type="button" className="table-pick" onClick={() => setSql((s) => (s.trim() ? `${s.trimEnd()} ${d.sql}` : `SELECT * FROM ${d.sql} LIMIT 100`))}><b>{d.name}</b><code>{d.sql}</code></button></li>)}</ul>
        </Card>
      </div>
      <Card flush>
        {ask.isPending ? <Skeleton /> : ask.isError ? <Failure error={ask.error} retry={run} /> : !data ? <Says title={t('query.none')} text={t('query.none_text')} /> : (
          <div className="rows-table">
            <DataTable id="query" caption={t('query.result')} columns={columns} rows={data.rows.map((row, i) => ({ n: i + 1, row }))} rowKey={(r) => String(r.n)}
              left={<span className="num muted" aria-live="polite">{t('query.sum', { n: num(data.rows.length), time: span(data.seconds) })}{data.truncated && ` · ${t('query.truncated', { n: num(limit) })}`}</span>} />
          </div>
        )}
      </Card>
    </>
  )
}
