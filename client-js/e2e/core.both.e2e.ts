/** The core without the interface, as the page that shows how to build on it uses it. */
import { expect, test } from 'vitest'
import type * as Core from '../src/core/index.ts'
import { house } from './house.ts'

const home = house()

test('two pages made of the core talk to each other', async () => {
  const address = `${home.server().address}/core/example.html`
  const one = await home.arrive(address)
  const link = one.page.getByRole('link')
  await link.filter({ hasText: 'room=' }).waitFor()
  const two = await home.arrive((await link.getAttribute('href')) ?? '')
  await one.page.getByText(/Guest \d+ is here/).waitFor()
  await two.page.getByText(/Guest \d+ is here/).waitFor()
  await two.page.getByLabel('Message').fill('<i>hello</i>')
  await two.page.getByRole('button', { name: 'Send' }).click()
  await one.page.getByText(/Guest \d+: <i>hello<\/i>/).waitFor()
  await two.page.close()
  await one.page.getByText(/Guest \d+ has left/).waitFor()
  expect(await one.page.locator('i').count()).toBe(0)
})

test('a page made of the core shares a room with the app', async () => {
  const ada = await home.arrive()
  const invitation = new URL(await ada.createRoom('Ada', { password: 'word' }))
  const other = await home.arrive(`${home.server().address}/core/example.html${invitation.hash}`)
  await other.page.getByText('Ada is here').waitFor()
  await ada.say('welcome')
  await other.page.getByText('Ada: welcome').waitFor()
})

/** What the page has at hand once the module is loaded and a room entered. */
type Holds = { core: typeof Core; session: Core.RoomSession }

/** As a text, so that the bundler of these tests does not follow it. */
const load = `import('/core/p2pchat.js').then(core => { globalThis.core = core })`

/** Run in the page: enters a room, and says under which link. */
const enter = async ({ name, link }: { name: string; link: string | null }): Promise<string> => {
  const held = globalThis as unknown as Holds
  const client = held.core.connect()
  const entered = link ? await client.join(link, name) : await client.create({ name: 'Core' }, name)
  if (!entered.ok) throw new Error(entered.refusal)
  held.session = entered.session
  return held.core.writeInvitation(location.href, entered.session.state.card)
}

/** Run in the page: accepts whatever is offered, and gives what has come. */
const take = async (): Promise<string> => {
  const { files } = (globalThis as unknown as Holds).session
  const accept = (): void => {
    for (const { key, phase } of files.state.downloads.values()) if (phase === 'offered') files.accept(key)
  }
  const kept = new Promise<Core.FileEvents['kept']>(resolve => files.on('kept', resolve))
  files.on('changed', accept)
  accept()
  const { file, blob } = await kept
  return `${file.file.name}: ${await blob?.text()}`
}

/** Run in the page, once somebody is there. */
const offer = (): void => {
  const { files } = (globalThis as unknown as Holds).session
  files.share([{ name: 'note.txt', file: new Blob(['from hand to hand']) }])
}

test('a file goes from page to page without an interface', async () => {
  const blank = `${home.server().address}/health`
  const [one, two] = [await home.arrive(blank), await home.arrive(blank)]
  await Promise.all([one, two].map(({ page }) => page.evaluate(load)))
  const link = await one.page.evaluate(enter, { name: 'Ada', link: null })
  await two.page.evaluate(enter, { name: 'Ben', link })
  await one.page.waitForFunction(() => {
    const { session } = globalThis as unknown as Holds
    return session.state.members.size === 1
  })
  await one.page.evaluate(offer)
  expect(await two.page.evaluate(take)).toBe('note.txt: from hand to hand')
})
