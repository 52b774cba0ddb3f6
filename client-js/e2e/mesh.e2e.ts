/** A mesh in real browsers: talking, leaving, coming back, reloading. */
import { expect, test } from 'vitest'
import { gather, house } from './house.ts'

const home = house()

test('two chat, with line breaks kept and markup shown as text', async () => {
  const { people } = await gather(home, {}, 'Ada', 'Ben')
  const [ada, ben] = people
  if (!ada || !ben) throw new Error('nobody came')
  expect(await ada.page.title()).toBe('Workshop – P2PChat')
  await ada.say('<b>hello</b>\nsecond line https://example.org/a?b=c.')
  await ben.hears('Ada', '<b>hello</b>')
  expect(await ben.log.locator('b').count()).toBe(0)
  const said = ben.log.getByRole('article').first().locator('.said-text')
  expect(await said.textContent()).toBe('<b>hello</b>\nsecond line https://example.org/a?b=c.')
  const link = ben.log.getByRole('link')
  expect(await link.getAttribute('href')).toBe('https://example.org/a?b=c')
  expect(await link.getAttribute('rel')).toContain('noopener')
  await ben.page.getByLabel('Message').fill('one')
  await ben.page.getByLabel('Message').press('Shift+Enter')
  await ben.page.getByLabel('Message').pressSequentially('two')
  await ben.page.getByLabel('Message').press('Enter')
  await ada.hears('Ben', 'one\ntwo')
  expect(await ben.page.getByLabel('Message').inputValue()).toBe('')
})

test('three hear each other directly', async () => {
  const { people } = await gather(home, { password: 'word' }, 'Ada', 'Ben', 'Cyd')
  const [ada, ben, cyd] = people
  if (!ada || !ben || !cyd) throw new Error('nobody came')
  await ben.sees('Cyd')
  await cyd.sees('Ben')
  await Promise.all([ada, ben].map(person => person.isTold('Cyd joined')))
  // Who was there before has not just come.
  await cyd.log.getByText('Say hello.').waitFor()
  await cyd.say('hi all')
  await Promise.all([ada.hears('Cyd', 'hi all'), ben.hears('Cyd', 'hi all')])
  await ben.say('hi Cyd')
  await Promise.all([ada.hears('Ben', 'hi Cyd'), cyd.hears('Ben', 'hi Cyd')])
})

test('whoever leaves is gone at once, and can come back', async () => {
  const { people } = await gather(home, {}, 'Ada', 'Ben')
  const [ada, ben] = people
  if (!ada || !ben) throw new Error('nobody came')
  await ben.leave()
  await ada.isTold('Ben left')
  await ben.page.getByRole('heading', { name: 'You left the room' }).waitFor()
  await ben.page.getByRole('button', { name: 'Rejoin' }).click()
  await ben.sees('Ada')
  await ada.sees('Ben')
  await ben.say('back again')
  await ada.hears('Ben', 'back again')
  expect(await ada.page.locator('#people li').count()).toBe(2)
})

test('a reloaded page is back in its room by itself, and leaves no ghost', async () => {
  const { people } = await gather(home, { password: 'a+b &=#é' }, 'Ada', 'Ben')
  const [ada, ben] = people
  if (!ada || !ben) throw new Error('nobody came')
  await ben.page.reload()
  await ben.sees('Ada')
  await ada.sees('Ben')
  expect(await ada.page.locator('#people li').count()).toBe(2)
  await ada.say('welcome back')
  await ben.hears('Ada', 'welcome back')
  expect(await ada.log.getByText('Ben left').count()).toBe(0)
})

test('a broken connection is made anew, and nobody is announced', async () => {
  const { people } = await gather(home, {}, 'Ada')
  const [ada] = people
  if (!ada) throw new Error('nobody came')
  const ben = await home.arrive()
  await ben.context.addInitScript(() => {
    const Native = RTCPeerConnection
    globalThis.RTCPeerConnection = class extends Native {
      constructor(configuration?: RTCConfiguration) {
        super(configuration)
        addEventListener('break-connections', () => this.close())
      }
    }
  })
  await ben.page.goto(ada.page.url())
  await ben.page.reload()
  await ben.stepIn('Ben')
  await ben.sees('Ada')
  await ben.page.evaluate(() => dispatchEvent(new Event('break-connections')))
  await ada.sees('Ben', 'connection lost')
  await ada.sees('Ben')
  await ada.say('once more')
  await ben.hears('Ada', 'once more')
  await ben.say('gladly')
  await ada.hears('Ben', 'gladly')
  expect(await ada.log.getByText('Ben joined').count()).toBe(1)
  expect(await ada.log.getByText('Ben left').count()).toBe(0)
})

test('a closed page is gone after the time that a reload takes', async () => {
  const { people } = await gather(home, {}, 'Ada', 'Ben')
  const [ada, ben] = people
  if (!ada || !ben) throw new Error('nobody came')
  await ben.page.close()
  await ada.isTold('Ben left')
  await ada.page.getByText('Nobody else is here yet.').waitFor()
})
