/** The core without the interface, as the page that shows how to build on it uses it. */
import { expect, test } from 'vitest'
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
