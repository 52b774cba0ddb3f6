/**
 * A room's owner in real browsers, with somebody in the room who speaks as an original page does: locked out, muted,
 * removed, and in the end everybody sent home. Nobody else is believed to be the owner.
 */
import { expect, test } from 'vitest'
import type { Person } from './browser.ts'
import { gather, house } from './house.ts'
import { callTogether } from './senses.ts'
import { Client } from './sockets/client.ts'
import { focused } from './tab.ts'

const home = house()
const kind = { version: '4.4.1', way: 'websocket' } as const

const press = async ({ page }: Person, menu: string, item: string): Promise<void> => {
  await page.locator('#people').getByRole('button', { name: menu }).click()
  await page.getByRole('button', { name: item, exact: true }).click()
}
const manage = (person: Person, item: string): Promise<void> => press(person, 'Manage room', item)
const inDialog = async ({ page }: Person, fields: Record<string, string>, button: string): Promise<void> => {
  const dialog = page.getByRole('dialog').filter({ visible: true })
  for (const [label, value] of Object.entries(fields)) await dialog.getByLabel(label).fill(value)
  await dialog.getByRole('button', { name: button, exact: true }).click()
}
const partOf = (link: string, name: string): string =>
  new URLSearchParams(new URL(link).hash.slice(1)).get(name) ?? ''
const linkOf = ({ page }: Person): Promise<string> => page.evaluate(() => location.href)

const openPeople = ({ page }: Person): Promise<void> =>
  page
    .getByRole('button', { name: /^People/ })
    .first()
    .click()

/** In a call, everybody is asked to be silent, and may speak again. */
const muted = async (ada: Person, ben: Person): Promise<void> => {
  await callTogether(ada, ben)
  const microphone = (pressed: boolean) =>
    ben.page.getByRole('toolbar').getByRole('button', { name: 'Microphone', exact: true, pressed })
  await microphone(true).waitFor()
  await openPeople(ada)
  await manage(ada, 'Mute everyone')
  await microphone(false).waitFor()
  await ben.isTold('Ada muted you')
  await microphone(false).click()
  await microphone(true).waitFor()
}

test('at the door and among the people the focus goes on to whoever is next, and is never lost', async () => {
  const { link, people } = await gather(home, {}, 'Ada', 'Ben')
  const [ada] = people
  if (!ada) throw new Error('nobody came')
  await ada.sees('Ada', 'owner')
  await manage(ada, 'Turn on waiting room')
  for (const name of ['Cyd', 'Dan', 'Eve']) {
    const newcomer = await home.arrive(link)
    await newcomer.enter(name)
    await ada.page.getByText(`${name} wants to come in`).first().waitFor()
  }
  const has = (name: RegExp): Promise<void> => expect.poll(() => focused(ada)).toMatch(name)
  await ada.page.getByRole('button', { name: 'Let in Cyd' }).focus()
  await ada.page.keyboard.press('Enter')
  await has(/^Let in Dan/)
  await ada.page.getByRole('button', { name: 'Send away Eve' }).focus()
  await ada.page.keyboard.press('Enter')
  await has(/^Send away Dan/)
  await ada.page.keyboard.press('Enter')
  await has(/^Nobody is waiting to be let in/)
  await ada.page.keyboard.press('Tab')
  await ada.page.getByText('Nobody is waiting to be let in').waitFor({ state: 'detached' })
  await ada.sees('Cyd')
  await press(ada, 'What you can do with Ben', 'Remove…')
  await inDialog(ada, {}, 'Remove')
  await expect.poll(() => ada.row('Ben', '').count()).toBe(0)
  await has(/^People/)
})

test.each(['mesh', 'star'] as const)('the owner of a %s is master in it', async topology => {
  const { link, people } = await gather(home, { kind: topology }, 'Ada', 'Ben')
  const [ada, ben] = people
  if (!ada || !ben) throw new Error('nobody came')
  const room = partOf(link, 'room')
  const password = ''
  await Promise.all([ada.sees('Ada', 'owner'), ben.sees('Ada', 'owner')])
  expect(await ben.page.getByRole('button', { name: 'Manage room' }).count()).toBe(0)

  const original = await Client.introduced(home.server().address, kind)
  expect((await original.ask('JOIN-ROOM', { room, password })).event).toBe('JOIN-ROOM')
  const act = JSON.stringify({ room, number: Number.MAX_SAFE_INTEGER, type: 'end' })
  const forged = { act, key: 'A'.repeat(87), signature: 'A'.repeat(86) }
  expect((await original.ask('OWNER-ACT', forged)).body).toMatchObject({ type: 4 })

  if (topology === 'mesh') await muted(ada, ben)

  await manage(ada, 'Lock room')
  await ben.isTold('The room is locked now.')
  const cyd = await home.arrive(link)
  await cyd.enter('Cyd')
  await cyd.page.getByText('The room is locked. Its owner lets nobody in for now.').waitFor()
  const late = await Client.introduced(home.server().address, kind)
  expect((await late.ask('JOIN-ROOM', { room, password })).body).toMatchObject({ type: 2 })
  await manage(ada, 'Unlock room')
  await ben.isTold('The room is open again.')

  await manage(ada, 'Turn on waiting room')
  await ben.isTold('Newcomers now wait')
  await cyd.page.getByRole('button', { name: 'Join room' }).click()
  await cyd.page.getByText('Waiting to be let in…').waitFor()
  expect((await late.ask('JOIN-ROOM', { room, password })).body).toMatchObject({ type: 2 })
  await ada.page.getByText('Cyd wants to come in').first().waitFor()
  expect(await ben.page.getByText('Cyd wants to come in').count()).toBe(0)
  await ada.page.getByRole('button', { name: 'Let in' }).click()
  await cyd.log.waitFor()
  await manage(ada, 'Turn off waiting room')

  await manage(ada, 'Name, password, size…')
  await inDialog(ada, { 'Room name': 'Tea', Password: 'word' }, 'Save')
  await expect.poll(() => linkOf(ben)).toContain('pwd=word')
  expect(await linkOf(ada)).toBe(await linkOf(ben))
  expect((await late.ask('JOIN-ROOM', { room, password })).body).toMatchObject({ type: 1 })
  expect((await late.ask('JOIN-ROOM', { room, password: 'word' })).body).toMatchObject({ name: 'Tea' })

  await press(ada, 'What you can do with Ben', 'Remove…')
  await inDialog(ada, { Reason: 'too loud' }, 'Remove')
  await ben.page.getByRole('heading', { name: 'You were removed' }).waitFor()
  await ben.page.getByText('too loud').waitFor()
  await cyd.isTold('Ben was removed by the owner')
  await expect.poll(() => ada.row('Ben', '').count()).toBe(0)
  await ben.page.reload()
  await ben.page.getByRole('button', { name: 'Join room' }).click()
  await ben.page.getByText('The owner of this room has removed you.').waitFor()

  // Whoever owns the room does so after a reload, too: who has made it, or to whom it was handed on.
  const master = topology === 'mesh' ? ada : cyd
  if (master === cyd) {
    await press(ada, 'What you can do with Cyd', 'Make owner…')
    await inDialog(ada, {}, 'Hand over')
    await cyd.isTold('You own this room now.')
    await ada.sees('Cyd', 'owner')
    expect(await ada.page.getByRole('button', { name: 'Manage room' }).count()).toBe(0)
  }
  await master.page.reload()
  if (topology === 'mesh') await openPeople(ada)
  await manage(master, 'End for everyone')
  const left = original.heard.length
  await inDialog(master, {}, 'End for everyone')
  await ada.page.getByText('The owner has ended “Tea” for everyone.').waitFor()
  await expect.poll(() => original.heard.slice(left).some(it => it.event === 'DISCONNECTEDUSER')).toBe(true)
  expect((await late.ask('JOIN-ROOM', { room, password: 'word' })).body).toMatchObject({ type: 3 })
})
