// Chromium as every test here starts it, and the few steps that all share.
import { existsSync } from 'node:fs'
import { chromium } from 'playwright-core'

export const base = process.env.SHUNIU_URL ?? 'http://127.0.0.1:5173'
export const account = process.env.SHUNIU_ACCOUNT ?? 'wangmin'
export const password = process.env.SHUNIU_PASSWORD ?? 'shuniu-demo'

const paths = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].filter(Boolean)

export async function open({ width = 1440, height = 900, lang = 'zh-CN' } = {}) {
  const executablePath = paths.find((p) => existsSync(p))
  if (!executablePath) throw new Error(`no Chromium at ${paths.join(', ')}; set CHROMIUM`)
  const browser = await chromium.launch({ executablePath, headless: true, args: ['--no-sandbox', '--hide-scrollbars'] })
  const context = await browser.newContext({ viewport: { width, height }, locale: lang, timezoneId: 'Asia/Shanghai', reducedMotion: 'reduce', acceptDownloads: true })
  await context.addInitScript((l) => localStorage.setItem('shuniu.lang', l), lang)
  const page = await context.newPage()
  const errors = []
  page.on('pageerror', (e) => errors.push(`page: ${e.message}`))
  page.on('console', (m) => {
    // The browser logs every refused request; what the page does about it is what is tested.
    if (m.type() === 'error' && !/Failed to load resource/.test(m.text())) errors.push(`console: ${m.text()}`)
  })
  return { browser, context, page, errors }
}

export async function login(page, who = account, secret = password) {
  await page.goto(`${base}/login`)
  await page.locator('#account').fill(who)
  await page.locator('#password').fill(secret)
  await page.locator('form button[type=submit]').click()
  await page.locator('.shell').waitFor({ timeout: 20_000 })
}

/** settle waits until nothing on the page is loading. */
export async function settle(page) {
  await page.waitForFunction(() => !document.querySelector('.skel, [aria-busy="true"]'), null, { timeout: 20_000 }).catch(() => undefined)
  await page.waitForTimeout(350)
}
