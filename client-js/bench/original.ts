/** The original's pages as somebody uses them: a name, a room, a file dropped, and a press on Download. */
import type { Browser, Page } from 'playwright-core'
import { launch } from '../e2e/engines.ts'
import { type Server, startServer } from '../e2e/server.ts'

export type Original = {
  readonly server: Server
  readonly browser: Browser
  /** Two in one room. */
  readonly meet: () => Promise<readonly [Page, Page]>
  readonly close: () => Promise<void>
}

/** `views` is the folder of its built frontend, which looks for its server on port 80 of the host that it came from. */
export const startOriginal = async (views: string): Promise<Original> => {
  const server = await startServer('--views', views)
  const { port } = new URL(server.address)
  const browser = await launch({ further: [`--host-resolver-rules=MAP localhost:80 127.0.0.1:${port}`] })
  const meet = async (): Promise<readonly [Page, Page]> => {
    const host = await enters(browser, 'anna')
    await fills(host, 'Create!', 'Create a room', { name: 'Room', pwd: 'secret' })
    const id = host
      .locator('.ActiveServer div', { hasText: /^\s*ID:/ })
      .last()
      .locator('span')
      .first()
    const room = ((await id.textContent()) ?? '').trim()
    const guest = await enters(browser, 'bert')
    await fills(guest, 'Join!', 'Join a room', { ID: room, pwd: 'secret' })
    await host.locator('#ActiveUserDiv_user', { hasText: 'bert' }).first().waitFor()
    return [host, guest]
  }
  const close = async (): Promise<void> => {
    await browser.close()
    await server.stop()
  }
  return { server, browser, meet, close }
}

const dialog = (page: Page, title: string) =>
  page.locator('ngb-modal-window').filter({ has: page.locator('.modal-title', { hasText: title }) })

const enters = async (browser: Browser, name: string): Promise<Page> => {
  const context = await browser.newContext({ viewport: { width: 1300, height: 900 } })
  const page = await context.newPage()
  const known = page.waitForResponse(async response => {
    if (!response.url().includes('/api/signaling/')) return false
    return (await response.text().catch(() => '')).includes('GET-ID')
  })
  await page.goto('http://localhost/')
  await dialog(page, 'Quick Info').getByRole('button', { name: 'Ok' }).click()
  await dialog(page, 'User config').locator('input[name=username]').fill(name)
  await dialog(page, 'User config').getByRole('button', { name: 'Next' }).click()
  // It may come over the websocket instead; the form is there in either case.
  await Promise.race([known.catch(() => undefined), page.waitForTimeout(2_000)])
  return page
}

const fills = async (
  page: Page,
  button: string,
  title: string,
  fields: Readonly<Record<string, string>>,
): Promise<void> => {
  await dialog(page, 'Next action').getByRole('button', { name: button }).click()
  const form = dialog(page, title)
  for (const [field, value] of Object.entries(fields)) await form.locator(`input[name=${field}]`).fill(value)
  await form.getByRole('button', { name: 'Do the thing' }).click()
  await page.locator('.ActiveServer h5').waitFor()
}

/**
 * Milliseconds from the press on Download until the browser has the file. Sending alone brings nobody anything there.
 */
export const transferMs = async (from: Page, to: Page, name: string, bytes: Buffer): Promise<number> => {
  const dropped = await from.evaluateHandle(
    ([called, content]) => {
      const transfer = new DataTransfer()
      const whole = Uint8Array.from(atob(content ?? ''), char => char.charCodeAt(0))
      transfer.items.add(new File([whole], called ?? ''))
      return transfer
    },
    [name, bytes.toString('base64')],
  )
  await from.locator('[filednd]').dispatchEvent('drop', { dataTransfer: dropped })
  await from.getByText('1 file attached').waitFor()
  await from.locator('#msgSendArea').fill(`here is ${name}`)
  await from.locator('#msgSendArea').press('Enter')
  const button = to
    .locator('app-chat-message')
    .filter({ hasText: name })
    .last()
    .getByRole('button', { name: /^Download/ })
  await button.waitFor()
  const coming = to.waitForEvent('download')
  const pressed = performance.now()
  await button.click()
  await (await coming).path()
  return performance.now() - pressed
}
