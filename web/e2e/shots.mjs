// Pictures of every page: node e2e/shots.mjs FOLDER [filter]. At 1440x900 and 390x844.
import { mkdirSync } from 'node:fs'
import { base, login, open, settle } from './browser.mjs'
import { routes } from './routes.mjs'

const folder = process.argv[2] ?? process.env.SHOTS ?? 'shots'
const only = process.argv[3]
mkdirSync(folder, { recursive: true })

for (const [width, height] of [[1440, 900], [390, 844]]) {
  for (const lang of process.env.LANGS?.split(',') ?? ['zh-CN']) {
    const { browser, page, errors } = await open({ width, height, lang })
    const shot = async (name) => {
      if (only && !name.includes(only)) return
      await settle(page)
      await page.screenshot({ path: `${folder}/${name}-${width}${lang === 'zh-CN' ? '' : '-en'}.png` })
    }
    await page.goto(`${base}/login`)
    await page.locator('#account').waitFor()
    await shot('login')
    await login(page)
    for (const r of await routes(page)) {
      if (only && !r.name.includes(only)) continue
      await page.goto(base + r.path)
      await page.locator('h1').first().waitFor()
      if (r.act) await r.act(page)
      await shot(r.name)
    }
    for (const e of errors) console.log(`${width} ${e}`)
    await browser.close()
  }
}
