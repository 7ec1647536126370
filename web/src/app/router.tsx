import { QueryClient, useQuery } from '@tanstack/react-query'
import { Link, Outlet, createRootRoute, createRoute, createRouter, redirect } from '@tanstack/react-router'
import { Suspense, lazy, type ComponentType } from 'react'
import { useTranslation } from 'react-i18next'
import { ApiError } from '../api/client'
import { PageHead } from './bits'
import { meQuery } from './session'
import { Shell } from './Shell'
import { Failure, Says, Skeleton } from './states'
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

const login = createRoute({ getParentRoute: () => root, path: '/login', component: page(lazy(() => import('../guard/Login'))) })

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
  if (me.data) return <Shell />
  if (me.isError) return <div className="alone"><Failure error={me.error} retry={() => void me.refetch()} /></div>
  return <div className="alone"><Skeleton kind="page" /></div>
}

function page(Lazy: ComponentType) {
  return function Page() {
    return <Suspense fallback={<Skeleton kind="page" />}><Lazy /></Suspense>
  }
}

const at = <const P extends string>(path: P, load: () => Promise<{ default: ComponentType }>) => createRoute({ getParentRoute: () => inside, path, component: page(lazy(load)) })

const tree = root.addChildren([
  login,
  inside.addChildren([
    at('/', () => import('../home/Home')),
    at('/collect', () => import('../collect/Upload')),
    at('/batches', () => import('../collect/Batches')),
    at('/quarantine', () => import('../collect/Quarantine')),
    at('/datasets', () => import('../resource/Catalogue')),
    at('/datasets/$id', () => import('../resource/DatasetPage')),
    at('/objects/$sha256', () => import('../resource/ObjectPage')),
    at('/query', () => import('../brain/Query')),
    at('/accounts', () => import('../guard/Accounts')),
    at('/audit', () => import('../guard/Audit')),
    at('/health', () => import('../telemetry/Health')),
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
