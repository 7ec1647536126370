// The two journeys that everything else rests on, against a running hub:
// SHUNIU_URL, SHUNIU_ACCOUNT and SHUNIU_PASSWORD say which.
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { base, login, open, settle } from './browser.mjs'

let browser, page, errors, dir
// Every run has data of its own, so that a second run on the same hub finds new files.
const mark = Date.now().toString(36)

before(async () => {
  dir = mkdtempSync(join(tmpdir(), 'shuniu-e2e-'))
  ;({ browser, page, errors } = await open())
  page.setDefaultTimeout(30_000)
  await login(page)
})
after(async () => {
  await browser?.close()
  rmSync(dir, { recursive: true, force: true })
})

const file = (name, text) => {
  const path = join(dir, name)
  writeFileSync(path, text)
  return path
}

test('drop a messy file, fix its header, land it, see the receipt, find it, see where a row came from', async () => {
  const name = `养老机构${mark}`
  const text = readFileSync(new URL('./testdata/messy.csv', import.meta.url), 'utf8').replace('花木示例养老院', `花木示例养老院${mark}`)
  const path = file(`${name}.csv`, text)
  await page.goto(`${base}/collect`)

  await page.locator('.drop, .desk').first().waitFor()

  // a real drop: the page walks what the browser hands it
  const data = await page.evaluateHandle(([n, body]) => {
    const d = new DataTransfer()
    d.items.add(new File([body], n, { type: 'text/csv', lastModified: 1_760_000_000_000 }))
    return d
  }, [`${name}.csv`, readFileSync(path, 'utf8')])
  await page.dispatchEvent('#main', 'dragover', { dataTransfer: data })
  await page.dispatchEvent('#main', 'drop', { dataTransfer: data })

  await page.locator('.clauses').waitFor()
  assert.match(await page.locator('.clauses').innerText(), /3 行 · 5 列/)
  assert.equal(await page.locator('.grid tr.k-note').count(), 2, 'title and unit rows are told apart')
  assert.equal(await page.locator('.grid tr.k-total').count(), 1, 'the total is no data row')

  // fix the header: say it begins one line higher, see it change, and put it right
  const relook = async (act) => {
    await act()
    await page.locator('.one-table[aria-busy=true]').waitFor({ timeout: 2000 }).catch(() => undefined)
    await page.locator('.one-table[aria-busy=true]').waitFor({ state: 'detached' })
  }
  const headerIs = (lines, timeout) => page.locator('.grid tr.k-header th').filter({ hasText: lines }).first().waitFor({ timeout })
  await relook(async () => {
    await page.locator('.grid tr.k-note th button').nth(1).click()
    await page.getByRole('menuitem', { name: '表头从第 2 行开始' }).click()
  })
  await headerIs(/2–3/) // two rows now
  await relook(async () => { // the same menu by keyboard
    await page.mouse.move(5, 5) // a pointer over the menu would choose too
    await page.locator('.grid tr.k-data th button').first().focus()
    await page.keyboard.press('Enter')
    await page.getByRole('menuitem', { name: '表头到第 4 行为止' }).waitFor()
    await page.keyboard.press('Escape')
    await page.waitForFunction(() => document.activeElement?.matches('.grid tr.k-data th button'))
    await page.keyboard.press('Enter')
    const on = () => page.evaluate(() => document.activeElement?.textContent ?? '')
    for (let n = 0; n < 20 && (await on()) !== '表头到第 4 行为止'; n++) {
      await page.keyboard.press('ArrowDown')
      await page.waitForTimeout(100)
    }
    assert.equal(await on(), '表头到第 4 行为止')
    await page.keyboard.press('Enter')
  })
  await headerIs(/2–4/)
  await relook(async () => {
    const line = page.getByLabel('表头行号')
    await line.fill('3')
    await line.press('Enter')
  })
  await headerIs(/^\s*3(–\d)?\s*$/)
  while ((await page.locator('.stepper output').innerText()) !== '1') {
    await relook(() => page.locator('.stepper').getByRole('button', { name: '减一行' }).click())
  }
  await headerIs(/^\s*3\s*$/)
  assert.match(await page.locator('.grid tr.k-header').innerText(), /机构名称/)

  for (const box of await page.locator('.questions input[type=checkbox]').all()) await box.check()
  await page.getByRole('button', { name: '落地', exact: true }).click()

  const receipt = page.locator('.receipt').first()
  await receipt.waitFor({ timeout: 60_000 })
  assert.match(await receipt.innerText(), /已落地/)
  const sums = (await receipt.locator('.receipt-sum b').allInnerTexts()).map((s) => Number(s.replaceAll(',', '')))
  assert.equal(sums[0], sums[1] + sums[2], `rows in = landed + quarantined: ${sums}`)
  assert.equal(sums[0], 3)

  // find it with the keyboard
  await page.locator('body').click({ position: { x: 5, y: 400 } })
  await page.keyboard.press('/')
  await page.locator('.palette input').fill(name)
  const hit = page.locator('.palette [role=option]').filter({ hasText: name }).first()
  await hit.waitFor()
  await page.keyboard.press('Enter')
  await page.locator('h1').filter({ hasText: name }).waitFor()

  // its first row leads back to line 4 of the file
  await page.getByRole('tab', { name: '样例' }).click()
  await page.locator('tbody tr').first().waitFor()
  await page.locator('tbody tr').filter({ hasText: mark }).click()
  const origin = page.locator('.ant-drawer')
  await origin.locator('.path').waitFor()
  assert.match(await origin.locator('.path').innerText(), new RegExp(`${name}\\.csv[\\s\\S]*第 4 行`))
  assert.match(await origin.locator('.origin-values').innerText(), new RegExp(`花木示例养老院${mark}`))
  assert.match(page.url(), /row=/, 'the row is in the address')
  await page.keyboard.press('Escape')
})

test('a line with one value too many is quarantined, mended, replayed', async () => {
  const name = `企业${mark}`
  const rows = Array.from({ length: 12 }, (_, i) => `${1000 + i},${mark}示例企业${i},存续`)
  rows.splice(5, 0, `2000,${mark}示例,企业,存续`)
  const path = file(`${name}.csv`, `编号,名称,状态\n${rows.join('\n')}\n`)
  await page.goto(`${base}/collect`)
  await page.locator('input[type=file]').first().setInputFiles(path)
  await page.locator('.files li.on').filter({ hasText: name }).waitFor()
  await page.locator('.clauses').waitFor()
  assert.match(await page.locator('.clauses').innerText(), /1 行将进隔离区/)
  for (const box of await page.locator('.questions input[type=checkbox]').all()) await box.check()
  await page.getByRole('button', { name: '落地', exact: true }).click()
  await page.locator('.receipt').first().waitFor({ timeout: 60_000 })
  assert.deepEqual((await page.locator('.receipt-sum b').allInnerTexts()).map(Number), [13, 12, 1])

  await page.getByRole('link', { name: '处理隔离的 1 行' }).click()
  await page.locator('tbody tr').first().waitFor()
  assert.equal(await page.locator('tbody tr').count(), 1)
  await page.locator('tbody tr .name').first().click()
  const drawer = page.locator('.ant-drawer')
  await drawer.locator('.raw-box').first().waitFor()
  assert.match(await drawer.locator('.raw-box').first().innerText(), new RegExp(`2000,${mark}示例,企业,存续`))
  await drawer.getByText('按整行').click()
  await drawer.getByLabel('按整行').last().fill(`2000,${mark}示例企业,存续`)
  await drawer.getByRole('button', { name: '保存并重放' }).click()
  await page.getByText('重放完成，已落地').waitFor({ timeout: 60_000 })

  const found = await (await page.request.get(`${base}/api/datasets?q=${encodeURIComponent(name)}`)).json()
  const d = found.items.find((x) => x.name.includes(mark))
  assert.ok(d, `dataset ${name} is in the catalogue`)
  assert.equal(d.rows, 13, 'every row has landed')
  assert.equal(d.quarantined, 0)
})

test('a hub that goes away stops no upload, and a file that nobody named gets a name and its id', async () => {
  const path = file('新建 Microsoft Excel 工作表.csv', `企业名称,注册资本,批号${mark}\n甲公司,10,1\n乙公司,20,2\n`)
  await page.goto(`${base}/collect`)
  await page.locator('.drop, .desk').first().waitFor()
  await page.route('**/api/uploads/**', (r) => (r.request().method() === 'PATCH' ? r.abort('connectionrefused') : r.continue()))
  await page.locator('input[type=file]').first().setInputFiles(path)
  await page.getByText('连不上枢纽，正在不断重试').waitFor()
  await page.getByRole('link', { name: '数据查询' }).click() // the shell and the other pages stay
  await page.locator('h1').filter({ hasText: '数据查询' }).waitFor()
  await page.goBack()
  await page.unroute('**/api/uploads/**')
  await page.locator('.clauses').waitFor()

  const land = page.getByRole('button', { name: '落地', exact: true })
  assert.equal(await land.isDisabled(), true, 'a name is asked for')
  await page.getByPlaceholder('自己写一个名称').fill(`企业清单${mark}`)
  const id = page.getByRole('combobox', { name: /数据资源标识/ })
  await page.waitForFunction((m) => [...document.querySelectorAll('.goal input')].some((i) => i.value === `dsj_qiyeqingdan${m}`), mark)
  assert.equal(await id.inputValue(), `dsj_qiyeqingdan${mark}`)
  await land.click()
  await page.locator('.receipt').first().waitFor({ timeout: 60_000 })
  const receipt = await page.locator('.receipt').first().innerText()
  assert.match(receipt, new RegExp(`企业清单${mark}[\\s\\S]*landing\\.dsj_qiyeqingdan${mark}`))
  assert.match(receipt, /工程师小程/, 'the person by name')
})

test('who has no right is told which, without buttons; a bookmark of another page too', async () => {
  const other = await open()
  try {
    await login(other.page, 'auditor')
    for (const [at, right] of [['/quarantine', '查看数据行'], ['/accounts', '管理账号'], ['/health', '运行维护'], ['/collect', '归集数据']]) {
      await other.page.goto(base + at)
      await other.page.getByText(`需要“${right}”权限`).waitFor()
      assert.equal(await other.page.locator('.page-head-actions button').count(), 0, at)
    }
    assert.deepEqual(other.errors, [])
  } finally {
    await other.browser.close()
  }
})

test('nothing went wrong behind the pages', async () => {
  await settle(page)
  assert.deepEqual(errors, [])
})
