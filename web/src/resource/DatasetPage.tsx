// One dataset: what it is, its fields, its rows and where they came from, its history.
import { CodeOutlined, DownloadOutlined, EditOutlined } from '@ant-design/icons'
import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from '@tanstack/react-router'
import { Button, Tabs } from 'antd'
import { Suspense, lazy, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { ApiError } from '../api/client'
import { hub } from '../api/hub'
import type { DatasetDetail } from '../api/types'
import { Code, Dot, PageHead } from '../app/bits'
import { num } from '../app/format'
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
        <Tabs activeKey={tab} onChange={(k) => set({ tab: k === 'overview' ? undefined : k, after: undefined, q: undefined, snapshot: k === 'rows' ? query.snapshot : undefined, row: undefined }, { push: true })} destroyOnHidden
          items={[
            { key: 'overview', label: t('tab.overview'), children: <Overview d={d} /> },
            { key: 'fields', label: <>{t('tab.fields')} <span className="count num">{num(d.fields)}</span></>, children: <Fields d={d} /> },
            { key: 'rows', label: t('tab.rows'), children: <Rows d={d} /> },
            { key: 'history', label: <>{t('tab.history')} <span className="count num">{num(d.batches)}</span></>, children: <History d={d} /> },
            { key: 'lineage', label: t('tab.lineage'), children: <Suspense fallback={<Skeleton />}><LineageTab d={d} /></Suspense> },
            { key: 'changes', label: t('tab.changes'), children: <Changes d={d} /> },
          ]} />
      </section>
      <EditEntry d={d} open={edit} onClose={() => setEdit(false)} />
    </>
  )
}
