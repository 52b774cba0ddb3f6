/** The whole app with the keyboard alone: into a room, into a call, through everything in it, and out again. */
import { expect, test } from 'vitest'
import type { Person } from './browser.ts'
import { house } from './house.ts'
import { focused, tabTo } from './tab.ts'

const home = house()

const settled = (person: Person, name: RegExp): Promise<void> =>
  expect.poll(() => focused(person)).toMatch(name)

test('create, join, call and leave, and back where one was each time', async () => {
  const ada = await home.arrive()
  const { keyboard } = ada.page
  await tabTo(ada, /Your name/)
  await keyboard.type('Ada')
  await keyboard.press('Tab')
  await tabTo(ada, /Create room/)
  await keyboard.press('Enter')
  await ada.page.getByText('Your room is ready').waitFor()
  const link = await ada.page.getByLabel('Link to this room').inputValue()

  await tabTo(ada, /Start call/)
  await keyboard.press('Enter')
  const dialog = ada.page.getByRole('dialog', { name: 'Start a call' })
  await dialog.getByRole('button', { name: 'Allow microphone and camera' }).waitFor()
  await settled(ada, /^Allow microphone and camera/)
  // One button stands out: first what makes one heard, then what starts the call.
  const strong = dialog.locator('.button-strong')
  expect(await strong.allInnerTexts()).toEqual(['Allow microphone and camera'])
  await dialog.getByRole('button', { name: 'Start call without microphone and camera' }).waitFor()
  await keyboard.press('Enter')
  await settled(ada, /^Microphone/)
  await dialog.locator('video').waitFor()
  expect(await strong.allInnerTexts()).toEqual(['Start call'])
  await tabTo(ada, /Choose a microphone/)
  await keyboard.press('Enter')
  await ada.page.getByRole('dialog', { name: 'Choose a microphone' }).waitFor()
  await keyboard.press('ArrowDown')
  await keyboard.press('Escape')
  await settled(ada, /Choose a microphone/)
  await tabTo(ada, /^Start call/)
  await keyboard.press('Enter')
  await dialog.waitFor({ state: 'detached' })
  await settled(ada, /^Call$/)

  const ben = await home.arrive(link)
  await ben.page.locator('input:focus').waitFor()
  await ben.page.keyboard.type('Ben')
  await ben.page.keyboard.press('Enter')
  await ben.page.getByText('Ada is in the call').waitFor()
  await tabTo(ben, /Join call/)
  await ben.page.keyboard.press('Enter')
  const asked = ben.page.getByRole('dialog', { name: 'Join the call' })
  await asked.waitFor()
  await tabTo(ben, /^Join call/)
  await ben.page.keyboard.press('Enter')
  await ada.page.getByRole('region', { name: /^Ben/ }).waitFor()

  await tabTo(ada, /Pin: Ben/)
  await keyboard.press('Enter')
  await ada.page.getByRole('button', { name: 'Pin: Ben', pressed: true }).waitFor()
  await tabTo(ada, /Leave call/)
  await keyboard.press('Enter')
  await ada.page.getByText('Ben is in the call').waitFor()
  await settled(ada, /^Join call/)
  await tabTo(ada, /^Leave$/)
  await keyboard.press('Enter')
  await ada.page.getByRole('heading', { name: 'You left the room' }).waitFor()
  await tabTo(ada, /Rejoin/)
  await keyboard.press('Enter')
  await ada.sees('Ben')
})

test('what asks for devices before joining leaves the focus on the microphone', async () => {
  const ada = await home.arrive()
  const ben = await home.arrive(await ada.createRoom('Ada'))
  await tabTo(ben, /^Allow microphone and camera/)
  await ben.page.keyboard.press('Enter')
  await settled(ben, /^Microphone/)
  await ben.page.locator('video').waitFor()
  await settled(ben, /^Microphone/)
})

test('who ends a call finds themselves where one is started', async () => {
  const ada = await inCall()
  await tabTo(ada, /Leave call/)
  await ada.page.keyboard.press('Enter')
  await settled(ada, /^Start call/)
})

/** Alone in a call, with microphone and camera, and the chat beside it. */
const inCall = async (): Promise<Person> => {
  const ada = await home.arrive()
  await ada.createRoom('Ada')
  await ada.page.getByRole('button', { name: 'Start call' }).click()
  await ada.page.getByRole('button', { name: 'Allow microphone and camera' }).click()
  await ada.page.locator('video').waitFor()
  await ada.page.getByRole('dialog').getByRole('button', { name: 'Start call' }).click()
  await ada.page.getByRole('toolbar').waitFor()
  return ada
}

const isOn = (person: Person, name: string, pressed: boolean): Promise<void> =>
  person.page.getByRole('toolbar').getByRole('button', { name, exact: true, pressed }).waitFor()

test('one letter each, but none while one types', async () => {
  const ada = await inCall()
  const { keyboard } = ada.page
  await isOn(ada, 'Microphone', true)
  await keyboard.press('m')
  await isOn(ada, 'Microphone', false)
  await ada.page.getByRole('status').filter({ hasText: 'Microphone off' }).waitFor({ state: 'attached' })
  await keyboard.press('v')
  await isOn(ada, 'Camera', false)
  await keyboard.press('m')
  await isOn(ada, 'Microphone', true)
  const chat = ada.page.getByRole('toolbar').getByRole('button', { name: 'Chat' })
  await keyboard.press('c')
  await expect.poll(() => chat.getAttribute('aria-expanded')).toBe('false')
  await keyboard.press('c')
  await settled(ada, /Message/)
  await keyboard.type('movies')
  expect(await ada.page.getByLabel('Message').inputValue()).toBe('movies')
  await isOn(ada, 'Microphone', true)
  await keyboard.press('Escape')
  await expect.poll(() => chat.getAttribute('aria-expanded')).toBe('false')
  await keyboard.press('Control+m')
  await isOn(ada, 'Microphone', true)
  await keyboard.press('?')
  await ada.page.getByRole('dialog', { name: 'Keyboard shortcuts' }).waitFor()
  await keyboard.press('m')
  await keyboard.press('Escape')
  await isOn(ada, 'Microphone', true)
  await keyboard.press('f')
  await ada.page.locator('.room:fullscreen').waitFor()
  await keyboard.press('f')
  await ada.page.locator('.room:not(:fullscreen)').waitFor()
})

test('sound alone is said while it lasts, and the key for the camera ends it', async () => {
  const ada = await inCall()
  const { keyboard } = ada.page
  const pictures = ada.page.getByRole('button', { name: 'Show video' })
  const soundAlone = async (): Promise<void> => {
    await ada.page.getByRole('button', { name: 'More', exact: true }).click()
    await ada.page.getByRole('switch', { name: 'Audio only' }).check()
    await keyboard.press('Escape')
    await isOn(ada, 'Camera', false)
  }
  await soundAlone()
  await pictures.waitFor()
  await keyboard.press('v')
  await isOn(ada, 'Camera', true)
  await pictures.waitFor({ state: 'detached' })
  await soundAlone()
  await pictures.click()
  await isOn(ada, 'Camera', true)
  await pictures.waitFor({ state: 'detached' })
})

test('with push-to-talk one is heard while the space bar is held, and a button is pressed by it all the same', async () => {
  const ada = await inCall()
  const { keyboard } = ada.page
  await ada.page.getByRole('button', { name: 'More', exact: true }).click()
  await ada.page.getByRole('switch', { name: 'Push to talk' }).check()
  await keyboard.press('Escape')
  await ada.page.getByText('Hold the space bar to talk').waitFor()
  await keyboard.down(' ')
  await ada.page.getByText('Others can hear you').waitFor()
  await keyboard.up(' ')
  await ada.page.getByText('Hold the space bar to talk').waitFor()
  await tabTo(ada, /^Camera/)
  await keyboard.press(' ')
  await isOn(ada, 'Camera', false)
  await ada.page.getByText('Hold the space bar to talk').waitFor()
})
