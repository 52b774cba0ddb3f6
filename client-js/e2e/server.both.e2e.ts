/** The server goes away and comes back, while people are talking. */
import { expect, test } from 'vitest'
import { gather, house } from './house.ts'

const home = house()

test('the conversation outlives the server, and newcomers come in by the old link', async () => {
  const { link, people } = await gather(home, {}, 'Ada', 'Ben')
  const [ada, ben] = people
  if (!ada || !ben) throw new Error('nobody came')
  await home.server().stop()
  await ada.page.getByText('Server unreachable').waitFor()
  await ada.say('the server is away')
  await ben.hears('Ada', 'the server is away')
  await home.server().start()
  await ben.say('and we are here')
  await ada.hears('Ben', 'and we are here')
  expect(await ada.page.locator('#people li').count()).toBe(2)
  await ada.sees('Ben')

  const cyd = await home.arrive(link)
  await cyd.stepIn('Cyd')
  await Promise.all([cyd.sees('Ada'), cyd.sees('Ben')])

  await ben.leave()
  await ada.isTold('Ben left')
})

test('whoever loses the line alone comes back under a new id, unnoticed by the others', async () => {
  const { people } = await gather(home, {}, 'Ada', 'Ben')
  const [ada, ben] = people
  if (!ada || !ben) throw new Error('nobody came')
  await ben.context.setOffline(true)
  await ben.page.getByText('Server unreachable').waitFor()
  await ben.context.setOffline(false)
  await ben.isTold('Connection to the server restored')
  await ben.say('same as before')
  await ada.hears('Ben', 'same as before')
  expect(await ada.page.locator('#people li').count()).toBe(2)
  expect(await ada.log.getByText('Ben left').count()).toBe(0)
  expect(await ada.log.getByText('Ben joined').count()).toBe(1)
})

test('a server that is away is said where something was asked of it, and nothing typed is lost', async () => {
  const ada = await home.arrive()
  await ada.page.getByText('Connected to the server').waitFor()
  // What makes rooms comes from the server too, once the page has nothing else to do.
  await ada.page.waitForFunction(() => {
    const loaded = performance.getEntriesByType('resource').map(({ name }) => name)
    return ['/room-session-', '/session-'].every(part => loaded.some(name => name.includes(part)))
  })
  await home.server().stop()
  await ada.page.getByText('Server unreachable').waitFor()
  await ada.page.getByLabel('Your name').fill('Ada')
  await ada.page.getByLabel('Room name').fill('Patience')
  const create = ada.page.getByRole('form', { name: 'Create a room' })
  await create.getByRole('button', { name: 'Create room' }).click()
  await create.getByText('The server cannot be reached.').waitFor()
  expect(await ada.page.getByLabel('Room name').inputValue()).toBe('Patience')
  await home.server().start()
  await ada.page.getByText('Connected to the server').waitFor()
  await create.getByRole('button', { name: 'Create room' }).click()
  await ada.page.getByText('Your room is ready').waitFor()
})
