// Every page is drawn once against the made-up hub, and once in each bad state.
import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { act, fireEvent, render, screen, waitFor } from '@testing-library/react'
import { beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { Frame } from '../src/app/Frame'
import i18n from '../src/app/i18n'
import { queries, router } from '../src/app/router'
import { me } from './fixture/data'
import { newHub, type Answer } from './fixture/hub'

// The pages are loaded on demand; a busy machine may take its time over the first.
beforeAll(async () => {
  await Promise.all(Object.values(import.meta.glob('../src/{home,collect,resource,guard,brain,telemetry}/*.tsx')).map((load) => load()))
}, 120_000)

let hub = newHub()
let answer: ((method: string, path: string) => Answer | undefined) | undefined

beforeEach(() => {
  hub = newHub()
  answer = undefined
  queries.clear()
  localStorage.clear()
  vi.stubGlobal('fetch', async (input: string, init?: RequestInit) => {
    const url = new URL(input, 'http://hub')
    const body = typeof init?.body === 'string' ? (JSON.parse(init.body) as unknown) : init?.body instanceof Blob ? init.body.size : undefined
    const a = answer?.(init?.method ?? 'GET', url.pathname) ?? hub(init?.method ?? 'GET', url.pathname, url.searchParams, body)
    return new Response(a.status === 204 ? null : JSON.stringify(a.json ?? {}), { status: a.status, headers: { 'Content-Type': 'application/json' } })
  })
  vi.stubGlobal('EventSource', undefined)
})

function visit(href: string) {
  const drawn = render(<QueryClientProvider client={queries}><Frame><RouterProvider router={router} /></Frame></QueryClientProvider>)
  router.history.push(href)
  return drawn
}

test.each([
  ['/', '工作台', '需要我处理'], ['/collect', '上传与归集', '把文件或文件夹拖到这里'], ['/batches', '归集批次', '养老机构汇总表（定稿）.xlsx'], ['/quarantine', '隔离区', '引号没有闭合'],
  ['/datasets', '数据资源目录', '养老机构基本信息'], ['/datasets/scjg_market_entity', '市场主体登记基本信息', '质量速览'], ['/datasets/scjg_market_entity?tab=fields', '市场主体登记基本信息', '成立日期'],
  ['/datasets/scjg_market_entity?tab=rows', '市场主体登记基本信息', '91310115MA10000'], ['/datasets/scjg_market_entity?tab=history', '市场主体登记基本信息', '回滚到此'], ['/datasets/scjg_market_entity?tab=changes', '市场主体登记基本信息', '由 2026年8月市场主体.csv 建立'],
  [`/objects/${'a'.repeat(64)}`, '现场照片.jpg', 'image/jpeg'], ['/query', '数据查询', 'landing.mzj_elder_org'], ['/accounts', '账号与角色', '赵阳'], ['/audit', '审计', '校验全部'], ['/health', '系统健康', '文件内容与登记的校验值不一致'],
])('%s is drawn', async (href, title, text) => {
  visit(href)
  await waitFor(() => expect(screen.getByRole('heading', { level: 1 }).textContent).toBe(title), { timeout: 25_000 })
  await waitFor(() => expect(screen.queryAllByText(text, { exact: false }).length).toBeGreaterThan(0), { timeout: 25_000 })
})

test('who is not signed in is asked to, and comes back', async () => {
  hub = newHub(false)
  visit('/datasets?status=draft')
  expect(await screen.findByRole('heading', { level: 1, name: '登录' }, { timeout: 25_000 })).toBeTruthy()
  expect(router.state.location.search).toMatchObject({ next: '/datasets?status=draft' })
  fireEvent.click(await screen.findByText('李华'))
  await waitFor(() => expect(router.state.location.pathname).toBe('/datasets'), { timeout: 25_000 })
  expect(router.state.location.search).toMatchObject({ status: 'draft' })
})

test('an error says what is safe and names the trace', async () => {
  answer = (_, path) => (path === '/api/datasets' ? { status: 500, json: { title: '读取目录时出错', detail: '目录暂时不可用', code: 'internal', trace_id: '4bf92f' } } : undefined)
  visit('/datasets')
  expect(await screen.findByText('读取目录时出错', {}, { timeout: 25_000 })).toBeTruthy()
  expect(screen.getByText('4bf92f')).toBeTruthy()
  expect(screen.getByText(/已经确认落地的数据不受影响/)).toBeTruthy()
})

test('a missing right is named', async () => {
  answer = (_, path) => (path === '/api/audit' ? { status: 403, json: { title: '没有权限', detail: '', code: 'denied', right: 'read_audit', trace_id: 't' } } : undefined)
  visit('/audit')
  expect(await screen.findByText(/需要“查看审计”权限/, {}, { timeout: 25_000 })).toBeTruthy()
})

test('no results are not no data', async () => {
  visit('/datasets?q=zzz')
  expect(await screen.findByText('没有符合条件的结果', {}, { timeout: 25_000 })).toBeTruthy()
  fireEvent.click(screen.getByText('清除筛选'))
  expect(await screen.findByText('养老机构基本信息', {}, { timeout: 25_000 })).toBeTruthy()
})

test('a dropped workbook is understood, confirmed and landed', async () => {
  const { container } = visit('/collect')
  await screen.findByText('把文件或文件夹拖到这里', {}, { timeout: 25_000 })
  const input = container.querySelector('input[type=file]') as HTMLInputElement
  await act(async () => { fireEvent.change(input, { target: { files: [new File(['序号,名称\n1,甲\n'], '养老机构.xlsx')] } }) })
  expect(await screen.findByText('还有 2 处需要您确认', {}, { timeout: 25_000 })).toBeTruthy()
  const land = screen.getByRole('button', { name: '落地 2 张表' }) as HTMLButtonElement
  expect(land.disabled).toBe(true)
  for (const box of screen.getAllByRole('checkbox').slice(0, 2)) await act(async () => { fireEvent.click(box) })
  await waitFor(() => expect(land.disabled).toBe(false))
  await act(async () => { fireEvent.click(land) })
  expect((await screen.findAllByText('已落地', {}, { timeout: 25_000 })).length).toBeGreaterThan(0)
  expect(screen.getAllByText('复制回执').length).toBeGreaterThan(0)
})

test('a file that nobody named asks for a name, and its id follows', async () => {
  let sent: { tables?: { dataset?: string; name?: string }[] } | undefined
  const { container } = visit('/collect')
  await waitFor(() => expect(container.querySelector('input[type=file]')).toBeTruthy(), { timeout: 25_000 })
  const made = globalThis.fetch
  vi.stubGlobal('fetch', async (input: string, init?: RequestInit) => {
    if (input.includes('/api/landings')) sent = JSON.parse(String(init?.body)) as typeof sent
    return made(input, init)
  })
  await act(async () => { fireEvent.change(container.querySelector('input[type=file]') as HTMLInputElement, { target: { files: [new File(['a,b\n1,2\n'], 'Sheet1.xlsx')] } }) })
  const own = await screen.findByLabelText('自己写一个名称', {}, { timeout: 25_000 })
  const land = screen.getByRole('button', { name: '落地' }) as HTMLButtonElement
  expect(land.disabled).toBe(true)
  await act(async () => { fireEvent.change(own, { target: { value: '养老机构年报' } }) })
  await waitFor(() => expect(screen.getByDisplayValue('mzj_new_name')).toBeTruthy(), { timeout: 5000 })
  await waitFor(() => expect(land.disabled).toBe(false))
  await act(async () => { fireEvent.click(land) })
  await waitFor(() => expect(sent?.tables?.[0]).toMatchObject({ name: '养老机构年报', dataset: 'mzj_new_name' }))
})

test('who may not manage accounts sees which right is missing, once, and no buttons', async () => {
  answer = (_, path) => (path === '/api/me' ? { status: 200, json: { ...me, rights: [{ action: 'read_entry', scope: 'all' }] } } : undefined)
  visit('/accounts')
  expect(await screen.findByText(/需要“管理账号”权限/, {}, { timeout: 25_000 })).toBeTruthy()
  expect(screen.queryByText('新增账号')).toBeNull()
  expect(screen.queryByText('登录锁定')).toBeNull()
})

test('Enter before the answer opens its first hit', async () => {
  visit('/')
  await screen.findByText('需要我处理', {}, { timeout: 25_000 })
  await act(async () => { fireEvent.keyDown(document.body, { key: '/' }) })
  const box = await screen.findByRole('combobox', {}, { timeout: 25_000 })
  await act(async () => { fireEvent.change(box, { target: { value: '养老' } }); fireEvent.keyDown(box, { key: 'Enter' }) })
  await waitFor(() => expect(router.state.location.pathname).toMatch(/^\/datasets\//), { timeout: 25_000 })
})

test('the console speaks English', async () => {
  await i18n.changeLanguage('en-US')
  visit('/quarantine')
  expect(await screen.findByRole('heading', { level: 1, name: 'Quarantine' }, { timeout: 25_000 })).toBeTruthy()
  await i18n.changeLanguage('zh-CN')
})
