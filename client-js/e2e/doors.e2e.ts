/** The ways into a room, and what is said at a door that stays shut. */
import { expect, test } from 'vitest'
import { house } from './house.ts'

// Rooms end with their last member.
const home = house({ P2PCHAT_ROOMS__LINGER_S: '0' })
const nowhere = '00000000-0000-4000-8000-000000000000'

test('a link in the original’s form works, and is moved out of the query', async () => {
  const ada = await home.arrive()
  const link = new URL(await ada.createRoom('Ada', { password: 'word' }))
  expect(link.search).toBe('')
  const query = `${link.origin}/?${link.hash.slice(1)}`
  const ben = await home.arrive(query)
  expect(ben.page.url()).toBe(link.href)
  await ben.stepIn('Ben')
  await ben.sees('Ada')
})

test('a pasted link fills the join form', async () => {
  const ada = await home.arrive()
  const link = await ada.createRoom('Ada', { password: 'word' })
  const ben = await home.arrive()
  await ben.page.getByLabel('Your name').fill('Ben')
  await ben.page.getByLabel('Link or room id').fill('half a link')
  await ben.page.getByRole('button', { name: 'Join room' }).click()
  const trouble = ben.page.getByText('This is neither a link nor a room ID.')
  await trouble.waitFor()
  await ben.page.getByLabel('Link or room id').fill(link)
  await trouble.waitFor({ state: 'detached' })
  await ben.page.getByRole('button', { name: 'Join room' }).click()
  await ben.sees('Ada')
})

test('a room id and its password do as well', async () => {
  const ada = await home.arrive()
  const link = new URL(await ada.createRoom('Ada', { password: 'word' }))
  const ben = await home.arrive()
  await ben.page.getByLabel('Your name').fill('Ben')
  const join = ben.page.getByRole('form', { name: 'Join a room' })
  await join.getByLabel('Link or room id').fill(new URLSearchParams(link.hash.slice(1)).get('room') ?? '')
  await join.getByRole('button', { name: 'Join room' }).click()
  await join.getByText('This room needs a password.').waitFor()
  await join.getByLabel('Password').fill('wrong')
  await join.getByRole('button', { name: 'Join room' }).click()
  await join.getByText('This password is wrong.').waitFor()
  expect(await join.getByLabel('Password').inputValue()).toBe('wrong')
  await join.getByLabel('Password').fill('word')
  await join.getByRole('button', { name: 'Join room' }).click()
  await ben.sees('Ada')
})

test('a link without its password asks for it', async () => {
  const ada = await home.arrive()
  const link = new URL(await ada.createRoom('Ada', { password: 'word' }))
  const room = new URLSearchParams(link.hash.slice(1)).get('room')
  const ben = await home.arrive(`${link.origin}/#room=${room}`)
  await ben.page.getByLabel('Your name').fill('Ben')
  await ben.page.getByLabel('Password').fill('guess')
  await ben.page.getByLabel('Password').press('Enter')
  await ben.page.getByText('This password is wrong.').waitFor()
  expect(await ben.page.getByLabel('Your name').inputValue()).toBe('Ben')
  await ben.page.getByLabel('Password').fill('word')
  await ben.page.getByLabel('Password').press('Enter')
  await ben.sees('Ada')
  const kept = new URLSearchParams(new URL(ben.page.url()).hash.slice(1))
  expect([kept.get('room'), kept.get('pwd')]).toEqual([room, 'word'])
})

test('a link with a wrong password is told from one without any', async () => {
  const ada = await home.arrive()
  const link = await ada.createRoom('Ada', { password: 'word' })
  const ben = await home.arrive(link.replace('pwd=word', 'pwd=other'))
  await ben.page.getByLabel('Your name').fill('Ben')
  expect(await ben.page.getByLabel('Password').count()).toBe(0)
  await ben.page.getByRole('button', { name: 'Join room' }).click()
  await ben.page.getByText('The password in the link is wrong').waitFor()
  expect(await ben.page.getByLabel('Your name').inputValue()).toBe('Ben')
  await ben.page.getByLabel('Password').fill('word')
  await ben.page.getByRole('button', { name: 'Join room' }).click()
  await ben.sees('Ada')
})

test('a full room says so', async () => {
  const ada = await home.arrive()
  const link = await ada.createRoom('Ada', { peersMax: 2 })
  const ben = await home.arrive(link)
  await ben.stepIn('Ben')
  await ben.sees('Ada')
  const cyd = await home.arrive(link)
  await cyd.page.getByLabel('Your name').fill('Cyd')
  await cyd.page.getByRole('button', { name: 'Join room' }).click()
  await cyd.page.getByText('The room is full.').waitFor()
  await ben.leave()
  await ada.isTold('Ben left')
  await cyd.page.getByRole('button', { name: 'Join room' }).click()
  await cyd.sees('Ada')
})

test('an unknown room says so, and so does nonsense', async () => {
  const ben = await home.arrive(`${home.server().address}/#room=${nowhere}&pwd=`)
  await ben.page.getByLabel('Your name').fill('Ben')
  await ben.page.getByRole('button', { name: 'Join room' }).click()
  await ben.page.getByText('This room does not exist').waitFor()
  await ben.page.getByRole('button', { name: 'start page' }).click()
  expect(ben.page.url()).toBe(`${home.server().address}/`)
  await ben.page.getByLabel('Link or room id').fill('two words')
  await ben.page.getByRole('button', { name: 'Join room' }).click()
  await ben.page.getByText('neither a link nor a room id').waitFor()
})

test('a rejoin that fails says why', async () => {
  const ada = await home.arrive()
  const link = new URL(await ada.createRoom('Ada'))
  // Whoever has the room's key could bring it back.
  const ben = await home.arrive(`${link.origin}/#room=${new URLSearchParams(link.hash.slice(1)).get('room')}`)
  await ben.stepIn('Ben')
  await ben.sees('Ada')
  await ada.leave()
  await ben.page
    .getByText(/^Ada left/)
    .first()
    .waitFor()
  await ben.leave()
  await ben.page.getByRole('button', { name: 'Rejoin' }).click()
  await ben.page.getByText('This room does not exist any more').waitFor()
  expect(await ben.page.getByRole('button', { name: 'Rejoin' }).count()).toBe(0)
  await ben.page.getByRole('button', { name: 'Start page' }).click()
  await ben.page.getByRole('button', { name: 'Create room' }).waitFor()
})

test('another link in the same tab leads to that room', async () => {
  const ada = await home.arrive()
  const link = await ada.createRoom('Ada', { name: 'Tea at five' })
  const ben = await home.arrive()
  await ben.createRoom('Ben')
  await ben.page.evaluate(hash => {
    location.hash = hash
  }, new URL(link).hash)
  await ben.page.getByRole('heading', { name: 'You are invited' }).waitFor()
  await ben.page.getByText('Tea at five', { exact: true }).waitFor()
  await ben.page.getByRole('button', { name: 'Join room' }).click()
  await ben.sees('Ada')
})
