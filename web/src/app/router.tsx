import { QueryClient, useQuery } from '@tanstack/react-query'
import { Link, Outlet, createRootRoute, createRoute, createRouter, redirect } from '@tanstack/react-router'
import { useCallback, useEffect, useState, type ComponentType } from 'react'
import { useTranslation } from 'react-i18next'
import { ApiError } from '../api/client'
import { Card, PageHead } from './bits'
import { may, meQuery, useMe } from './session'
import { Shell } from './Shell'
import { Failure, NoRight, Says, Skeleton } from './states'
import { toQuery } from './url'

export const queries = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 10_000,
      retry: (n, e) => n < 2 && (!(e instanceof ApiError) || e.offline || e.status >= 502),
      retryDelay: (n) => Math.min(8000, 500 * 2 ** n),
    },
  },
})

/** A session that ended anywhere leads to the login page, and back after. */
queries.getQueryCache().subscribe((e) => {
  if (e.type !== 'updated' || e.action.type !== 'error' || !(e.action.error instanceof ApiError) || !e.action.error.signedOut) return
  const at = router.state.location
  if (at.pathname !== '/login') void router.navigate({ to: '/login', search: { next: at.href } as never })
})

const root = createRootRoute({ component: () => <Outlet />, notFoundComponent: Missing, errorComponent: ({ error, reset }) => <div className="alone"><Failure error={error} retry={reset} /></div>, validateSearch: toQuery })

type Load = () => Promise<{ default: ComponentType }>
const loads: Load[] = []

/** page loads a page when it is first asked for. React keeps a failed lazy() for good; here a failure is shown within the shell and can be tried again. */
function page(load: Load) {
  loads.push(load)
  let loaded: ComponentType | undefined
  return function Page() {
    const [Body, setBody] = useState<ComponentType | undefined>(() => loaded)
    const [error, setError] = useState<unknown>()
    const fetch = useCallback(() => {
      setError(undefined)
      load().then((m) => { loaded = m.default; setBody(() => m.default) }, () => setError(new ApiError(0, { code: 'offline' })))
    }, [])
    useEffect(() => { if (!loaded) fetch() }, [fetch])
    if (Body) return <Body />
    return error ? <Failure error={error} retry={fetch} /> : <Skeleton kind="page" />
  }
}

/** fetchPages loads every page while the browser has nothing to do, so that the console works on when the hub is away. */
export function fetchPages(): () => void {
  const later = window.requestIdleCallback ?? ((f: () => void) => window.setTimeout(f, 2000))
  const cancel = window.cancelIdleCallback ?? window.clearTimeout
  const id = later(() => { for (const load of loads) load().catch(() => undefined) }) // shown when the page is asked for
  return () => cancel(id)
}

const login = createRoute({ getParentRoute: () => root, path: '/login', component: page(() => import('../guard/Login')) })

const inside = createRoute({
  getParentRoute: () => root,
  id: 'inside',
  component: Inside,
  beforeLoad: async ({ location }) => {
    try {
      await queries.ensureQueryData(meQuery)
    } catch (e) {
      if (e instanceof ApiError && e.signedOut) throw redirect({ to: '/login', search: (location.href === '/' ? {} : { next: location.href }) as never })
    }
  },
})

/** Inside shows the console; when the hub does not say who is calling, it says why. */
function Inside() {
  const me = useQuery(meQuery)
  const known = !!me.data
  useEffect(() => (known ? fetchPages() : undefined), [known])
  if (me.data) return <Shell />
  if (me.isError) return <div className="alone"><Failure error={me.error} retry={() => void me.refetch()} /></div>
  return <div className="alone"><Skeleton kind="page" /></div>
}

/** gated shows a page to who has the right, and to the others which one is missing: no button that would only be refused. The hub decides again on every call. */
function gated(Page: ComponentType, right: string, menu: string, group: string) {
  return function Gate() {
    const { t } = useTranslation()
    const me = useMe()
    if (!me || may(me, right)) return <Page />
    return <><PageHead title={t(`menu.${menu}`)} trail={t(`menu.${group}`)} /><Card><NoRight right={right} /></Card></>
  }
}

const at = <const P extends string>(path: P, load: Load, [right, menu = '', group = '']: string[] = []) => createRoute({ getParentRoute: () => inside, path, component: right ? gated(page(load), right, menu, group) : page(load), errorComponent: ({ error, reset }) => <Failure error={error} retry={reset} /> })

const tree = root.addChildren([
  login,
  inside.addChildren([
    at('/', () => import('../home/Home')),
    at('/collect', () => import('../collect/Upload')),
    at('/batches', () => import('../collect/Batches'), ['read_entry', 'batches', 'collect']),
    at('/quarantine', () => import('../collect/Quarantine'), ['read_rows', 'quarantine', 'collect']),
    at('/datasets', () => import('../resource/Catalogue'), ['read_entry', 'datasets', 'resource']),
    at('/datasets/$id', () => import('../resource/DatasetPage')),
    at('/objects/$sha256', () => import('../resource/ObjectPage')),
    at('/query', () => import('../brain/Query'), ['read_rows', 'query', 'resource']),
    at('/accounts', () => import('../guard/Accounts'), ['manage_users', 'accounts', 'system']),
    at('/audit', () => import('../guard/Audit'), ['read_audit', 'audit', 'system']),
    at('/health', () => import('../telemetry/Health'), ['operate', 'health', 'system']),
  ]),
])

function Missing() {
  const { t } = useTranslation()
  return <div className="alone"><PageHead title={t('missing.title')} /><Says title={t('missing.text')} action={<Link to="/" search={{}}>{t('menu.home')}</Link>} /></div>
}

// The query of a page is plain text, ?status=waiting&row=01J…, so that links can be read and typed.
export const router = createRouter({
  routeTree: tree,
  defaultPreload: false,
  scrollRestoration: true,
  parseSearch: (s) => Object.fromEntries(new URLSearchParams(s)),
  stringifySearch: (s) => {
    const q = new URLSearchParams(Object.entries(s).filter(([, v]) => v !== undefined && v !== null && v !== '').map(([k, v]): [string, string] => [k, String(v)])).toString()
    return q ? `?${q}` : ''
  },
})

declare module '@tanstack/react-router' {
  interface Register { router: typeof router }
}
