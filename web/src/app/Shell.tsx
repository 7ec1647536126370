// The frame of the console: header, menu, page, and what is reachable from everywhere.
import { ApiOutlined, AuditOutlined, CloudUploadOutlined, CodeOutlined, DatabaseOutlined, DownOutlined, HeartOutlined, HomeOutlined, MenuOutlined, QuestionCircleOutlined, SafetyCertificateOutlined, SearchOutlined, TeamOutlined, UnorderedListOutlined } from '@ant-design/icons'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, Outlet, useNavigate, useRouterState } from '@tanstack/react-router'
import { App, Avatar, Button, Drawer, Dropdown, Tooltip } from 'antd'
import { useEffect, useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { hub } from '../api/hub'
import type { Me } from '../api/types'
import { Help } from './Help'
import { langOf, setLang } from './i18n'
import { useKeys } from './keyboard'
import { Palette } from './Palette'
import { Password } from './Password'
import { may, useMe } from './session'
import { closeStream, openStream, useLink } from './stream'

interface Item { to: string; key: string; icon: ReactNode; right?: string; count?: number }

function useMenu(me: Me): { key: string; items: Item[] }[] {
  const summary = useQuery({ queryKey: ['summary'], queryFn: hub.summary, enabled: may(me, 'read_entry'), staleTime: 15_000 })
  const groups: { key: string; items: Item[] }[] = [
    { key: 'work', items: [{ to: '/', key: 'home', icon: <HomeOutlined /> }] },
    { key: 'collect', items: [
      { to: '/collect', key: 'upload', icon: <CloudUploadOutlined />, right: 'land' },
      { to: '/batches', key: 'batches', icon: <UnorderedListOutlined />, right: 'read_entry', count: summary.data?.waiting.length ?? 0 },
      { to: '/quarantine', key: 'quarantine', icon: <SafetyCertificateOutlined />, right: 'read_rows', count: summary.data?.quarantine.open ?? 0 },
    ] },
    { key: 'resource', items: [
      { to: '/datasets', key: 'datasets', icon: <DatabaseOutlined />, right: 'read_entry' },
      { to: '/query', key: 'query', icon: <CodeOutlined />, right: 'read_rows' },
    ] },
    { key: 'system', items: [
      { to: '/accounts', key: 'accounts', icon: <TeamOutlined />, right: 'manage_users' },
      { to: '/audit', key: 'audit', icon: <AuditOutlined />, right: 'read_audit' },
      { to: '/health', key: 'health', icon: <HeartOutlined />, right: 'operate' },
    ] },
  ]
  return groups.map((g) => ({ ...g, items: g.items.filter((i) => !i.right || may(me, i.right)) })).filter((g) => g.items.length > 0)
}

function Menu({ me, onPick }: { me: Me; onPick?: () => void }) {
  const { t } = useTranslation()
  const path = useRouterState({ select: (s) => s.location.pathname })
  const on = (to: string) => (to === '/' ? path === '/' : path === to || path.startsWith(`${to}/`))
  return (
    <nav className="menu" aria-label={t('shell.menu')}>
      {useMenu(me).map((g) => (
        <div key={g.key} className="menu-group">
          {g.key !== 'work' && <div className="menu-title">{t(`menu.${g.key}`)}</div>}
          {g.items.map((i) => (
            <Link key={i.to} to={i.to} className={on(i.to) ? 'on' : ''} aria-current={on(i.to) ? 'page' : undefined} onClick={onPick}>
              <span aria-hidden="true">{i.icon}</span><span className="menu-label">{t(`menu.${i.key}`)}</span>
              {!!i.count && <b className="num" aria-label={t('shell.todo', { n: i.count })}>{i.count > 999 ? '999+' : i.count}</b>}
            </Link>
          ))}
        </div>
      ))}
    </nav>
  )
}

function Live() {
  const { t } = useTranslation()
  const link = useLink()
  if (link === 'off') return null
  return (
    <Tooltip title={t(`shell.link_${link}_text`)}>
      <span className={`live live-${link}`} role="status"><i aria-hidden="true" /><span className="wide-only">{t(`shell.link_${link}`)}</span></span>
    </Tooltip>
  )
}

export function LangSwitch() {
  const { t } = useTranslation()
  const other = langOf() === 'zh-CN' ? 'en-US' : 'zh-CN'
  return <Button type="text" className="lang" lang={other} aria-label={t('shell.other_lang_label')} onClick={() => setLang(other)}>{t('shell.other_lang')}</Button>
}

function Person({ me }: { me: Me }) {
  const { t } = useTranslation()
  const { message } = App.useApp()
  const queries = useQueryClient()
  const navigate = useNavigate()
  const [password, setPassword] = useState(false)
  const take = async (role: string) => {
    try {
      const now = await hub.takeRole(role)
      queries.clear()
      queries.setQueryData(['me'], now)
      void message.success(t('shell.role_taken', { role: t(`role.${role}`, role) }))
      void navigate({ to: '/' })
    } catch (e) {
      void message.error(e instanceof Error ? e.message : String(e))
    }
  }
  const leave = async () => {
    await hub.logout().catch(() => undefined)
    closeStream()
    queries.clear()
    void navigate({ to: '/login', search: {} })
  }
  return (
    <>
      <Dropdown trigger={['click']} menu={{ items: [
        { key: 'who', type: 'group', label: `${me.name} · ${me.department_name || t('shell.no_department')}` },
        ...(me.roles.length > 1 ? [{ key: 'roles', type: 'group' as const, label: t('shell.take_role'), children: me.roles.map((r) => ({ key: r, label: <span className="role-pick">{t(`role.${r}`, r)}{r === me.role && <small>{t('shell.role_now')}</small>}</span>, disabled: r === me.role, onClick: () => void take(r) })) }] : []),
        { type: 'divider' },
        { key: 'password', label: t('shell.password'), onClick: () => setPassword(true) },
        { key: 'leave', label: t('shell.leave'), onClick: () => void leave() },
      ] }}>
        <button type="button" className="person">
          <span className="sr">{t('shell.person')}</span>
          <Avatar size={28} className="avatar">{me.name.slice(0, 1)}</Avatar>
          <span className="wide-only"><b>{me.name}</b><small>{t(`role.${me.role}`, me.role)}</small></span>
          <DownOutlined className="tiny wide-only" aria-hidden />
        </button>
      </Dropdown>
      <Password open={password || !!me.must_change_password} forced={!!me.must_change_password} onClose={() => setPassword(false)} />
    </>
  )
}

export function Shell() {
  const { t } = useTranslation()
  const me = useMe()
  const queries = useQueryClient()
  const navigate = useNavigate()
  const [finding, setFinding] = useState(false)
  const [help, setHelp] = useState(false)
  const [drawer, setDrawer] = useState(false)
  useEffect(() => {
    if (me && may(me, 'read_entry')) openStream(queries)
  }, [me, queries])
  const go = (to: string) => () => void navigate({ to })
  useKeys({
    '/': () => setFinding(true),
    '?': () => setHelp(true),
    'g w': go('/'), 'g u': go('/collect'), 'g t': go('/batches'), 'g q': go('/quarantine'), 'g d': go('/datasets'), 'g x': go('/query'), 'g s': go('/audit'), 'g h': go('/health'),
  })
  useKeys({ 'Mod+k': () => setFinding((f) => !f) }, { inDialogs: true })
  if (!me) return null
  return (
    <div className="shell">
      <a className="skip" href="#main">{t('shell.skip')}</a>
      <header className="top">
        <div className="top-left">
          <Button type="text" className="narrow-only" icon={<MenuOutlined />} aria-label={t('shell.menu')} onClick={() => setDrawer(true)} />
          <Link to="/" className="brand"><img src="/favicon.svg" alt="" width={30} height={30} /><b>{t('brand.name')}</b><span className="wide-only">{t('brand.place')}</span></Link>
        </div>
        <div className="top-right">
          <button type="button" className="finder" aria-label={t('shell.find')} aria-keyshortcuts="/ Control+K" onClick={() => setFinding(true)}><SearchOutlined aria-hidden /><span className="wide-only">{t('shell.find')}</span><kbd className="wide-only" aria-hidden="true">/</kbd></button>
          <Live />
          <LangSwitch />
          <Tooltip title={t('help.title')}><Button type="text" className="wide-only-inline" icon={<QuestionCircleOutlined />} aria-label={t('help.title')} onClick={() => setHelp(true)} /></Tooltip>
          <Person me={me} />
        </div>
      </header>
      <aside className="side wide-only"><Menu me={me} /><p className="side-foot"><ApiOutlined aria-hidden /> {t('brand.promise')}</p></aside>
      <main id="main" className="main" tabIndex={-1}><Outlet /></main>
      <Drawer open={drawer} placement="left" size={264} title={t('brand.name')} onClose={() => setDrawer(false)} styles={{ body: { padding: '8px 0' } }}><Menu me={me} onPick={() => setDrawer(false)} /></Drawer>
      {finding && <Palette onClose={() => setFinding(false)} />}
      <Help open={help} onClose={() => setHelp(false)} />
    </div>
  )
}
