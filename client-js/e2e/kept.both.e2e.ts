/**
 * Rooms worth keeping: with a name in the link, and planned for later. The server forgets a room with its last member here,
 * and everything when it is started anew, so that the links alone bring rooms back.
 */
import { expect, test } from 'vitest'
import type { Person } from './browser.ts'
import { house } from './house.ts'
import { bytesOf, saved } from './transfers.ts'

const home = house({ P2PCHAT_ROOMS__LINGER_S: '0' })
const at = (hash: string): string => `${home.server().address}/${hash}`
const restart = async (): Promise<void> => {
  await home.server().stop()
  await home.server().start()
}

const options = async ({ page }: Person, name: string, roomName: string): Promise<void> => {
  await page.getByLabel('Your name').fill(name)
  await page.getByLabel('Room name').fill(roomName)
  await page.locator('.more-options summary').click()
}

test('a name in the link leads everybody into one room, and opens it again after everybody has left', async () => {
  const ada = await home.arrive()
  await options(ada, 'Ada', 'Team Tea!')
  await ada.page.getByRole('checkbox', { name: 'Name in the link' }).check()
  await ada.page.getByText('/#/team-tea').waitFor()
  await ada.page.getByText('Whoever knows the name can come in').waitFor()
  await ada.page.getByRole('button', { name: 'Create room' }).click()
  await ada.page.getByText('Your room is ready').waitFor()
  expect(ada.page.url()).toBe(at('#/team-tea'))
  expect(await ada.page.getByLabel('Link to this room').inputValue()).toBe(at('#/team-tea'))

  const ben = await home.arrive(at('#/Team%20TEA.'))
  await ben.page.getByText('Whoever knows its name can come in').waitFor()
  expect(await ben.page.getByLabel('Password').count()).toBe(0)
  await ben.stepIn('Ben')
  await Promise.all([ben.sees('Ada'), ada.sees('Ben')])
  expect(ben.page.url()).toBe(at('#/team-tea'))
  await ben.page.getByRole('heading', { name: 'Team Tea!' }).waitFor()
  await ben.page.reload()
  await ben.sees('Ada')

  await ada.leave()
  await ben.leave()
  await restart()
  const cyd = await home.arrive()
  await cyd.page.getByLabel('Your name').fill('Cyd')
  await cyd.page.getByLabel('Link or room ID').fill(`Come to ${at('#/team-tea')}, please.`)
  await cyd.page.getByRole('button', { name: 'Join room' }).click()
  await cyd.page.getByRole('heading', { name: 'Nobody else is here' }).waitFor()
  await ada.page.getByRole('button', { name: 'Start page' }).click()
  await ada.page.getByRole('button', { name: 'Open: Team Tea!' }).click()
  await ada.sees('Cyd')
  await ada.say('here again')
  await cyd.hears('Ada', 'here again')
})

test('a room with a name and a password asks those for it who only know the name', async () => {
  const ada = await home.arrive()
  await options(ada, 'Ada', 'Board')
  await ada.page.locator('.start-create').getByLabel('Password').fill('word')
  await ada.page.getByRole('checkbox', { name: 'Name in the link' }).check()
  await ada.page.getByRole('button', { name: 'Create room' }).click()
  await ada.page.getByText('Your room is ready').waitFor()
  const link = await ada.page.getByLabel('Link to this room').inputValue()
  expect(link).toBe(at('#/board?pwd=word&kind=mesh&max=8'))

  const ben = await home.arrive(at('#/board'))
  await ben.enter('Ben')
  await ben.page.getByText('This room needs a password.').waitFor()
  await ben.page.getByLabel('Password').fill('guess')
  await ben.page.getByRole('button', { name: 'Join room' }).click()
  await ben.page.getByText('This password is wrong.').waitFor()
  await ben.page.getByLabel('Password').fill('word')
  await ben.page.getByRole('button', { name: 'Join room' }).click()
  await ben.sees('Ada')
  const cyd = await home.arrive(link)
  await cyd.stepIn('Cyd')
  await cyd.sees('Ada')

  const dan = await home.arrive()
  await options(dan, 'Dan', 'board')
  await dan.page.getByRole('checkbox', { name: 'Name in the link' }).check()
  await dan.page.getByRole('button', { name: 'Create room' }).click()
  await dan.page.getByText('A room with this name in its link is open already').waitFor()
  await dan.page.getByLabel('Room name').fill('🫖')
  await dan.page.getByRole('button', { name: 'Create room' }).click()
  await dan.page.getByText('no letters or digits').first().waitFor()
})

test('a planned room has its link and its place in a calendar at once, and opens when people come', async () => {
  const ada = await home.arrive()
  await options(ada, 'Ada', 'Review')
  await ada.page.getByRole('button', { name: 'Plan for later' }).click()
  const dialog = ada.page.getByRole('dialog', { name: 'Plan a room' })
  await dialog.getByLabel('Date and time').fill('2020-01-01T10:00')
  await dialog.getByRole('button', { name: 'Make the link' }).click()
  await dialog.getByText('This time has passed.').waitFor()
  await dialog.getByLabel('Date and time').fill('2090-12-01T15:00')
  await dialog.getByLabel('Duration').selectOption('90')
  await dialog.getByRole('button', { name: 'Make the link' }).click()
  const link = await dialog.getByLabel('Link to this room').inputValue()
  await dialog.getByText('2090').waitFor()
  const file = await saved(ada, () => dialog.getByRole('button', { name: 'Add to calendar' }).click())
  expect(file.name).toBe('Review.ics')
  const unfolded = (await bytesOf(file)).toString().replaceAll('\r\n ', '')
  expect(unfolded).toContain(`\r\nURL:${link}\r\n`)
  const from = await ada.page.evaluate(() => new Date('2090-12-01T15:00').toISOString())
  expect(unfolded).toContain(`\r\nDTSTART:${from.replace(/[-:]|\.000/g, '')}\r\n`)
  await ada.page.keyboard.press('Escape')
  await ada.page.getByRole('button', { name: 'Link and calendar: Review' }).waitFor()

  await restart()
  const ben = await home.arrive(link)
  await ben.enter('Ben')
  await ben.page.getByRole('heading', { name: 'Nobody else is here' }).waitFor()
  await ben.page.getByRole('heading', { name: 'Review' }).waitFor()
  expect(await ben.page.getByRole('button', { name: 'Manage room' }).count()).toBe(0)
  // Whoever planned it owns it, also after a reload of the start page.
  await ada.page.reload()
  await ada.page.getByLabel('Your name').fill('Ada')
  await ada.page.getByRole('button', { name: 'Open: Review' }).click()
  await ada.sees('Ben')
  await ada.page.getByRole('button', { name: 'Manage room' }).waitFor()
  await ben.sees('Ada', 'owner')
})
