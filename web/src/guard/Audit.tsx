// 审计: who did what, in a chain that nobody can rewrite unnoticed.
import { SafetyCertificateOutlined } from '@ant-design/icons'
import { keepPreviousData, useMutation, useQuery } from '@tanstack/react-query'
import { Button } from 'antd'
import { useMemo } from 'react'
import { useTranslation } from 'react-i18next'
import { hub } from '../api/hub'
import type { AuditEntry } from '../api/types'
import { Card, Chip, Code, PageHead, When } from '../app/bits'
import { fullTime, num } from '../app/format'
import { Failure, Loaded, NoResults, Says } from '../app/states'
import { useUrl } from '../app/url'
import { DataTable, Pager, usePager, type Col } from '../table/DataTable'
import { Export } from '../table/Export'
import { FilterBar, FilterSelect, FilterText } from '../table/FilterBar'

const filters = ['account', 'action', 'object']
const actions = ['read_rows', 'read_entry', 'land', 'mend', 'edit_entry', 'rollback', 'manage_runs', 'manage_users', 'read_audit', 'operate', 'sign_in', 'sign_out', 'switch_role', 'change_password']

export default function Audit() {
  const { t } = useTranslation()
  const [query, set] = useUrl()
  const pager = usePager()
  const ask = { account: query.account, action: query.action, object: query.object }
  const list = useQuery({ queryKey: ['audit', ask, pager.after], queryFn: () => hub.audit({ ...ask, after: pager.after, limit: 50 }), placeholderData: keepPreviousData })
  const verify = useMutation({ mutationFn: hub.verifyAudit })
  const columns = useMemo<Col<AuditEntry>[]>(() => [
    { key: 'seq', title: '#', width: 72, align: 'right', render: (a) => <span className="num muted">{num(a.seq)}</span>, text: (a) => a.seq },
    { key: 'at', title: t('common.when'), width: 120, render: (a) => <When at={a.at} />, text: (a) => fullTime(a.at) },
    { key: 'account', title: t('common.who'), head: true, width: 150, render: (a) => <><span className="name-plain">{a.account}</span><div className="sub">{t(`role.${a.role}`, a.role)}</div></>, text: (a) => a.account },
    { key: 'action', title: t('audit.action'), width: 140, render: (a) => <Chip tone={a.action.startsWith('read') ? 'off' : 'run'}>{t(`right.${a.action}`, a.action)}</Chip>, text: (a) => a.action },
    { key: 'object', title: t('audit.object'), width: '22%', render: (a) => <span className="cut" title={a.object}>{a.object || '—'}</span>, text: (a) => a.object },
    { key: 'detail', title: t('audit.detail'), render: (a) => <span className="cut" title={a.detail}>{a.detail || '—'}</span>, text: (a) => a.detail },
    { key: 'hash', title: t('audit.hash'), width: 148, render: (a) => <Code cut={12}>{a.hash}</Code>, text: (a) => a.hash },
  ], [t])
  return (
    <>
      <PageHead title={t('menu.audit')} trail={t('menu.system')} sub={t('audit.sub')} actions={<>
        <Export name="audit" columns={columns} page={(after) => hub.audit({ ...ask, after, limit: 1000 })} />
        <Button type="primary" icon={<SafetyCertificateOutlined />} loading={verify.isPending} onClick={() => verify.mutate()}>{t('audit.verify')}</Button>
      </>} />
      {verify.isError && <Failure error={verify.error} compact />}
      {verify.data && (verify.data.ok
        ? <p className="verdict ok" role="status"><SafetyCertificateOutlined aria-hidden /> {t('audit.whole', { n: num(verify.data.checked) })} <Code cut={16}>{verify.data.head}</Code></p>
        : <Says tone="bad" title={t('audit.broken')} text={<ul className="plain-list">{verify.data.problems.map((p) => <li key={p}>{p}</li>)}</ul>} />)}
      <FilterBar names={filters} page="audit">
        <FilterText name="account" label={t('common.who')} width={160} />
        <FilterSelect name="action" label={t('audit.action')} choices={actions.map((a) => ({ value: a, label: t(`right.${a}`, a) }))} width={170} />
        <FilterText name="object" label={t('audit.object')} width={220} />
      </FilterBar>
      <Card flush><Loaded of={list}>{(page) => (
        page.items.length === 0 ? <NoResults onClear={() => set({ ...Object.fromEntries(filters.map((f) => [f, undefined])), after: undefined })} />
          : <DataTable id="audit" caption={t('menu.audit')} columns={columns} rows={page.items} rowKey={(a) => String(a.seq)} dim={list.isPlaceholderData} foot={<Pager pager={pager} shown={page.items.length} next={page.next} total={page.total_estimate} />} />
      )}</Loaded></Card>
    </>
  )
}
