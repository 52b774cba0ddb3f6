/** Alone in a room, and without the server for a while: nothing is offered that does not work, and nobody is spoken of. */
import { expect, test } from 'vitest'
import { gather, house } from './house.ts'
import { enterCall } from './senses.ts'
import { gateTo } from './sockets/gate.ts'
import { accept, bytesOf, pick, saved } from './transfers.ts'

const home = house()

test('the link is there only while it works', async () => {
  const { people } = await gather(home, {}, 'Ada')
  const [ada] = people
  if (!ada) throw new Error('nobody came')
  const { page } = ada
  const ready = page.getByRole('heading', { name: 'Your room is ready' })
  const copy = page.getByRole('button', { name: 'Copy link' })
  const qr = page.getByRole('button', { name: 'QR code' })
  const later = page.getByText('The link works again as soon as the server can be reached.')
  await qr.waitFor()
  await home.server().kill()
  await later.waitFor()
  for (const gone of [ready, copy, qr, page.getByLabel('Link to this room')])
    expect(await gone.count()).toBe(0)
  await ada.isTold('Connection to the server lost.')
  expect(await page.getByText('people in the room').count()).toBe(0)
  await home.server().start()
  await ready.waitFor()
  await copy.waitFor()
  expect(await later.count()).toBe(0)
})

test('a line that is away for a moment takes nothing away', async () => {
  const gate = await gateTo(home.server().address)
  const ada = await home.arrive(gate.address)
  await ada.createRoom('Ada')
  const copy = ada.page.getByRole('button', { name: 'Copy link' })
  await copy.focus()
  gate.drop()
  await ada.isTold('Connection to the server lost.')
  await ada.isTold('Connection to the server restored.')
  expect(await copy.evaluate(it => it === document.activeElement)).toBe(true)
})

test('nor is it in a call that nobody else is in', async () => {
  const { people } = await gather(home, {}, 'Ada')
  const [ada] = people
  if (!ada) throw new Error('nobody came')
  await enterCall(ada, 'Start call')
  const copy = ada.page.getByRole('button', { name: 'Copy link' })
  await copy.first().waitFor()
  await home.server().kill()
  await expect.poll(() => copy.count()).toBe(0)
  await home.server().start()
  await copy.first().waitFor()
})

test('who has company is told that it stays, and hands over a first file without the server', async () => {
  const { people } = await gather(home, {}, 'Ada', 'Ben')
  const [ada, ben] = people
  if (!ada || !ben) throw new Error('nobody came')
  // What shows files is here before there are any.
  for (const { page } of people)
    await page.waitForFunction(() =>
      performance.getEntriesByType('resource').some(({ name }) => /\/files-[\w-]+\.js$/.test(name)),
    )
  await home.server().kill()
  await Promise.all(
    people.map(it =>
      it.isTold('Connection to the server lost. Your connections to people in the room keep working.'),
    ),
  )
  const bytes = Buffer.from('without a server')
  await pick(ada, 'first.txt', bytes)
  expect(await bytesOf(await saved(ben, () => accept(ben, 'first.txt')))).toEqual(bytes)
  await home.server().start()
})
