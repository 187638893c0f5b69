import { expect, test, vi } from 'vitest'
import { findBarriers } from './accessibility.ts'
import { describeInChromium } from './chromium.ts'
import { startSite } from './site.ts'
import { startWebVault } from './vault.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

describeInChromium('the browser of these tests', (chromium) => {
  test('trusts the pages of this machine, which are secure contexts', async () => {
    const site = await startSite()
    const page = await chromium.openPage()
    await page.goto(site.put('/', { body: '<title>A shop</title>' }))
    expect(await page.title()).toBe('A shop')
    expect(await page.evaluate(() => isSecureContext)).toBe(true)
    expect(site.requests.map(({ path }) => path)).toContain('/')
  })

  test('reaches a vault that serves TLS', async () => {
    const vault = await startWebVault()
    const page = await chromium.openPage()
    const answer = await page.goto(`${vault.origin}/health/live`)
    expect(answer?.status()).toBe(200)
    expect((await vault.merchant.call('GET', '/tokens')).status).toBe(200)
  })

  test('finds what keeps people out of a page, and of a frame in it', async () => {
    const site = await startSite()
    const page = await chromium.openPage()
    const good = '<!doctype html><html lang="en"><title>A shop</title><h1>A shop</h1>'
    await page.goto(site.put('/', { body: good }))
    expect(await findBarriers(page)).toEqual([])
    site.put('/frame', { body: `${good}<input>` })
    await page.goto(site.put('/', { body: `${good}<iframe title="A field" src="/frame"></iframe>` }))
    expect(await findBarriers(page)).toEqual([expect.stringMatching(/^\/frame label: /)])
  })

  test('reaches nothing else', async () => {
    const page = await chromium.openPage()
    await expect(page.goto('https://example.com/')).rejects.toThrow('ERR_NAME_NOT_RESOLVED')
  })
})
