// Every route of the console, with what to open on it. Ids are asked of the hub.
import { base } from './browser.mjs'

const get = async (page, path) => {
  const res = await page.request.get(base + path)
  return res.ok() ? res.json() : { items: [] }
}

const workbook = new URL('./testdata/messy.csv', import.meta.url).pathname

export async function routes(page) {
  const datasets = (await get(page, '/api/datasets?limit=50')).items
  const d = datasets.find((x) => x.rows > 5) ?? datasets[0]
  const batch = (await get(page, '/api/batches?limit=20')).items[0]
  const line = (await get(page, '/api/quarantine?status=open&limit=1')).items[0]
  const list = [
    { name: 'home', path: '/' },
    { name: 'collect-empty', path: '/collect' },
    { name: 'collect-review', path: '/collect', act: async (p) => { await p.locator('input[type=file]').first().setInputFiles(workbook); await p.locator('.clauses, .says').first().waitFor({ timeout: 30_000 }) } },
    { name: 'batches', path: '/batches' },
    { name: 'quarantine', path: '/quarantine' },
    { name: 'datasets', path: '/datasets' },
    { name: 'datasets-none', path: '/datasets?q=zzzzqqqq' },
    { name: 'query', path: d ? `/query?sql=${encodeURIComponent(`SELECT * FROM ${d.sql} LIMIT 20`)}` : '/query' },
    { name: 'accounts', path: '/accounts' },
    { name: 'audit', path: '/audit' },
    { name: 'health', path: '/health' },
    { name: 'missing', path: '/nowhere' },
    { name: 'palette', path: '/', act: async (p) => { await p.locator('.finder').click(); await p.locator('.palette input').fill(d?.name.slice(0, 2) ?? '数据'); await p.waitForTimeout(700) } },
  ]
  if (batch) list.push({ name: 'batch-drawer', path: `/batches?row=${batch.id}`, act: (p) => p.locator('.ant-drawer .receipt').waitFor() })
  if (line) list.push({ name: 'mend-drawer', path: `/quarantine?row=${line.id}`, act: (p) => p.locator('.ant-drawer .raw-box').first().waitFor() })
  if (d) {
    for (const tab of ['overview', 'fields', 'rows', 'history', 'lineage', 'changes']) list.push({ name: `dataset-${tab}`, path: `/datasets/${d.id}?tab=${tab}` })
    list.push({ name: 'origin-drawer', path: `/datasets/${d.id}?tab=rows`, act: async (p) => { await p.locator('tbody tr').first().click(); await p.locator('.ant-drawer .path').waitFor() } })
  }
  return list
}
