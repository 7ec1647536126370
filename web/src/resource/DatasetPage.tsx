// One dataset: what it is, its fields, its rows and where they came from, its history.
import { CodeOutlined, DownloadOutlined, EditOutlined } from '@ant-design/icons'
import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { Button } from 'antd'
import { Suspense, lazy, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { ApiError } from '../api/client'
import { hub } from '../api/hub'
import type { DatasetDetail } from '../api/types'
import { Code, Dot, PageHead } from '../app/bits'
import { num } from '../app/format'
import { TabBar } from '../app/TabBar'
import { Loaded, Says, Skeleton } from '../app/states'
import { useUrl } from '../app/url'
import { entryTone } from './Catalogue'
import { Changes } from './Changes'
import { EditEntry } from './EditEntry'
import { Fields } from './Fields'
import { History } from './History'
import { Overview } from './Overview'
import { Rows } from './Rows'

const LineageTab = lazy(() => import('./LineageTab'))

const tabs = ['overview', 'fields', 'rows', 'history', 'lineage', 'changes'] as const

export default function DatasetPage() {
  const { t } = useTranslation()
  const { id } = useParams({ strict: false }) as { id: string }
  const entry = useQuery({ queryKey: ['dataset', id], queryFn: () => hub.dataset(id) })
  const trail = <Link to="/datasets" search={{}}>{t('menu.datasets')}</Link>
  if (entry.error instanceof ApiError && entry.error.status === 404) {
    return <><PageHead title={id} trail={trail} /><Says title={t('dataset.gone')} text={t('dataset.gone_text')} action={<Link to="/datasets" search={{}}>{t('menu.datasets')}</Link>} /></>
  }
  return <Loaded of={entry} skeleton={<><PageHead title={id} trail={trail} /><Skeleton kind="page" /></>}>{(d) => <Page d={d} />}</Loaded>
}

function Page({ d }: { d: DatasetDetail }) {
  const { t } = useTranslation()
  const [query, set] = useUrl()
  const [edit, setEdit] = useState(false)
  const tab = (tabs as readonly string[]).includes(query.tab ?? '') ? (query.tab as string) : 'overview'
  const can = (a: string) => d.can.includes(a)
  return (
    <>
      <PageHead title={d.name} trail={<Link to="/datasets" search={{}}>{t('menu.datasets')}</Link>}
        mark={<Dot tone={entryTone[d.status] ?? 'off'}>{t(`entry.${d.status}`)}</Dot>}
        sub={<span className="dataset-sub"><Code>{d.sql}</Code><span>{d.department_name || d.department || t('target.no_department')}</span><span className="num">{t('home.rows_n', { n: num(d.rows) })}</span></span>}
        actions={<>
          {can('edit_entry') && <Button icon={<EditOutlined />} onClick={() => setEdit(true)}>{t('dataset.edit')}</Button>}
          {can('read_rows') && <Link to="/query" search={{ sql: `SELECT * FROM ${d.sql} LIMIT 100` }}><Button icon={<CodeOutlined />} tabIndex={-1}>{t('menu.query')}</Button></Link>}
          {can('read_rows') && <Button type="primary" icon={<DownloadOutlined />} href={hub.csvHref(d.id, {})} download={`${d.id}.csv`}>{t('dataset.csv')}</Button>}
        </>} />
      <section className="card tabs-card">
        <TabBar label={d.name} active={tab} onChange={(k) => set({ tab: k === 'overview' ? undefined : k, after: undefined, q: undefined, snapshot: k === 'rows' ? query.snapshot : undefined, row: undefined }, { push: true })}
          items={[
            { key: 'overview', label: t('tab.overview') },
            { key: 'fields', label: <>{t('tab.fields')} <span className="count num">{num(d.fields)}</span></> },
            { key: 'rows', label: t('tab.rows') },
            { key: 'history', label: <>{t('tab.history')} <span className="count num">{num(d.batches)}</span></> },
            { key: 'lineage', label: t('tab.lineage') },
            { key: 'changes', label: t('tab.changes') },
          ]}>
          <Shown tab={tab} d={d} />
        </TabBar>
      </section>
      <EditEntry d={d} open={edit} onClose={() => setEdit(false)} />
    </>
  )
}

function Shown({ tab, d }: { tab: string; d: DatasetDetail }) {
  switch (tab) {
    case 'fields': return <Fields d={d} />
    case 'rows': return <Rows d={d} />
    case 'history': return <History d={d} />
    case 'lineage': return <Suspense fallback={<Skeleton />}><LineageTab d={d} /></Suspense>
    case 'changes': return <Changes d={d} />
    default: return <Overview d={d} />
  }
}
