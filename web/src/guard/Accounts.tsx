// 账号与角色: who may sign in, and as what.
import { PlusOutlined } from '@ant-design/icons'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { App, Button, Drawer, Form, Input, Select } from 'antd'
import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { hub } from '../api/hub'
import type { Account, SignInLock } from '../api/types'
import { Card, Chip, Dot, PageHead, When, type Tone } from '../app/bits'
import { fullTime, num } from '../app/format'
import { Failure, Loaded } from '../app/states'
import { useMe } from '../app/session'
import { DataTable, Pager, usePager, type Col } from '../table/DataTable'
import { Export } from '../table/Export'

const tone: Record<string, Tone> = { active: 'ok', locked: 'warn', disabled: 'off' }
const roles = ['leader', 'admin', 'engineer', 'steward', 'consumer', 'assessor', 'security', 'auditor', 'officer', 'community', 'clerk']

export default function Accounts() {
  const { t } = useTranslation()
  const { modal, message } = App.useApp()
  const me = useMe()
  const queries = useQueryClient()
  const pager = usePager()
  const [adding, setAdding] = useState(false)
  const list = useQuery({ queryKey: ['accounts', pager.after], queryFn: () => hub.accounts({ after: pager.after, limit: 50 }) })
  const columns = useMemo<Col<Account>[]>(() => {
    const change = async (a: Account, state: 'active' | 'disabled') => {
      try {
        await hub.changeAccount(a.account, { state })
        await queries.invalidateQueries({ queryKey: ['accounts'] })
      } catch (e) {
        void message.error(e instanceof Error ? e.message : String(e))
      }
    }
    return [
      { key: 'name', title: t('account.name'), head: true, width: '20%', render: (a) => <><span className="name-plain">{a.name}</span><div className="sub">{a.account}</div></>, text: (a) => a.name },
      { key: 'account', title: t('login.account'), hidden: true, render: (a) => <code>{a.account}</code>, text: (a) => a.account },
      { key: 'department', title: t('common.department'), width: '20%', render: (a) => a.department_name || a.department || '—', text: (a) => a.department_name ?? a.department },
      { key: 'roles', title: t('account.roles'), render: (a) => <span className="chips">{a.roles.map((r) => <Chip key={r} tone="run">{t(`role.${r}`, r)}</Chip>)}</span>, text: (a) => a.roles.join(' ') },
      { key: 'state', title: t('common.status'), width: 100, render: (a) => <Dot tone={tone[a.state] ?? 'off'}>{t(`account.${a.state}`)}</Dot>, text: (a) => a.state },
      { key: 'last', title: t('account.last'), width: 140, render: (a) => (a.last_login_at ? <When at={a.last_login_at} /> : <span className="muted">{t('account.never')}</span>), text: (a) => (a.last_login_at ? fullTime(a.last_login_at) : '') },
      { key: 'do', title: t('common.actions'), bare: true, width: 110, render: (a) => (a.account === me?.account ? <span className="muted">{t('account.you')}</span> : a.state === 'active'
        ? <Button size="small" onClick={() => modal.confirm({ title: t('account.disable_title', { name: a.name }), content: t('account.disable_text'), okText: t('account.disable'), okButtonProps: { danger: true }, onOk: () => change(a, 'disabled') })}>{t('account.disable')}</Button>
        : <Button size="small" onClick={() => void change(a, 'active')}>{t(a.state === 'locked' ? 'account.unlock' : 'account.enable')}</Button>) },
    ]
  }, [me, message, modal, queries, t])
  return (
    <>
      <PageHead title={t('menu.accounts')} trail={t('menu.system')} sub={t('account.sub')} actions={<>
        <Export name="accounts" columns={columns} page={(after) => hub.accounts({ after, limit: 1000 })} />
        <Button type="primary" icon={<PlusOutlined />} onClick={() => setAdding(true)}>{t('account.add')}</Button>
      </>} />
      <Card flush><Loaded of={list}>{(page) => <DataTable id="accounts" caption={t('menu.accounts')} columns={columns} rows={page.items} rowKey={(a) => a.account} foot={<Pager pager={pager} shown={page.items.length} next={page.next} total={page.total_estimate} />} />}</Loaded></Card>
      <Locks />
      <Add open={adding} onClose={() => setAdding(false)} />
    </>
  )
}

/** Locks are the addresses from which sign-ins are refused for a while. */
function Locks() {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const queries = useQueryClient()
  const list = useQuery({ queryKey: ['sign-in-locks'], queryFn: hub.locks, refetchInterval: 30_000 })
  const lift = async (address: string) => {
    try {
      await hub.liftLock(address)
      void message.success(t('lock.lifted'))
    } catch (e) {
      void message.error(e instanceof Error ? e.message : String(e))
    }
    await queries.invalidateQueries({ queryKey: ['sign-in-locks'] })
  }
  const columns: Col<SignInLock>[] = [
    { key: 'address', title: t('lock.address'), head: true, render: (l) => <code>{l.address}</code>, text: (l) => l.address },
    { key: 'failures', title: t('lock.failures'), width: 120, align: 'right', render: (l) => <span className="num">{num(l.failures)}</span>, text: (l) => l.failures },
    { key: 'until', title: t('lock.until'), width: 180, render: (l) => <When at={l.until} />, text: (l) => fullTime(l.until) },
    { key: 'do', title: t('common.actions'), bare: true, width: 110, render: (l) => <Button size="small" onClick={() => void lift(l.address)}>{t('lock.lift')}</Button> },
  ]
  return (
    <Card title={t('lock.title')} flush>
      <p className="muted">{t('lock.sub')}</p>
      <Loaded of={list}>{(locks) => (locks.length === 0 ? <p className="quiet">{t('lock.none')}</p> : <DataTable id="locks" caption={t('lock.title')} columns={columns} rows={locks} rowKey={(l) => l.address} />)}</Loaded>
    </Card>
  )
}

function Add({ open, onClose }: { open: boolean; onClose: () => void }) {
  const { t } = useTranslation()
  const queries = useQueryClient()
  const [form] = Form.useForm<{ account: string; name: string; department?: string; roles: string[]; password: string }>()
  const departments = useQuery({ queryKey: ['departments'], queryFn: hub.departments, staleTime: 300_000, enabled: open })
  const [error, setError] = useState<unknown>(null)
  const [busy, setBusy] = useState(false)
  const save = async () => {
    const v = await form.validateFields()
    setBusy(true)
    setError(null)
    try {
      await hub.createAccount(v)
      await queries.invalidateQueries({ queryKey: ['accounts'] })
      onClose()
    } catch (e) {
      setError(e)
    } finally {
      setBusy(false)
    }
  }
  return (
    <Drawer open={open} onClose={onClose} size={480} title={t('account.add')} destroyOnHidden extra={<Button type="primary" loading={busy} onClick={() => void save()}>{t('common.save')}</Button>}>
      {error !== null && <Failure error={error} compact />}
      <Form form={form} layout="vertical" requiredMark={false}>
        <Form.Item name="account" label={t('login.account')} rules={[{ required: true, pattern: /^[a-z][a-z0-9_.-]*$/, message: t('account.account_rule') }]}><Input autoComplete="off" /></Form.Item>
        <Form.Item name="name" label={t('account.name')} rules={[{ required: true, message: t('account.need_name') }]}><Input /></Form.Item>
        <Form.Item name="department" label={t('common.department')}><Select aria-label={t('common.department')} allowClear showSearch={{ optionFilterProp: 'label' }} options={(departments.data ?? []).map((x) => ({ value: x.id, label: x.name }))} /></Form.Item>
        <Form.Item name="roles" label={t('account.roles')} rules={[{ required: true, message: t('account.need_roles') }]}><Select aria-label={t('account.roles')} mode="multiple" options={roles.map((r) => ({ value: r, label: t(`role.${r}`) }))} /></Form.Item>
        <Form.Item name="password" label={t('login.password')} rules={[{ required: true, min: 8, message: t('password.short') }]}><Input.Password autoComplete="new-password" /></Form.Item>
      </Form>
    </Drawer>
  )
}
