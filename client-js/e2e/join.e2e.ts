/** Into a call: the look into the mirror, every trouble with devices in words, and the way in and out again. */
import type { Browser } from 'playwright-core'
import { afterAll, describe, expect, test } from 'vitest'
import { Person } from './browser.ts'
import { launch } from './engines.ts'
import { house } from './house.ts'

const home = house()

/** In a room of somebody else's, one step before joining. */
const atTheDoor = async (name: string, come = home.arrive): Promise<{ ada: Person; guest: Person }> => {
  const ada = await home.arrive()
  const link = await ada.createRoom('Ada')
  const guest = await come(link)
  await guest.page.getByLabel('Your name').fill(name)
  return { ada, guest }
}

const asked = ({ page }: Person): Promise<number> =>
  page.evaluate(() => (globalThis as unknown as { asked?: number }).asked ?? 0)

/** Counts how often the page asks the browser for devices. */
const countAsking = async ({ page }: Person): Promise<void> => {
  await page.addInitScript(() => {
    const counted = globalThis as unknown as { asked: number }
    counted.asked = 0
    const get = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices)
    navigator.mediaDevices.getUserMedia = wish => {
      counted.asked += 1
      return get(wish)
    }
  })
}

test('nothing is asked of the browser before somebody wants it, and nobody need want it', async () => {
  const { ada, guest } = await atTheDoor('Ben')
  await countAsking(guest)
  await guest.page.reload()
  await guest.page.getByText('You join without microphone and camera').waitFor()
  await guest.stepIn('Ben')
  await ada.sees('Ben')
  expect(await asked(guest)).toBe(0)
  await guest.page.getByRole('button', { name: 'Start call' }).waitFor()
})

test('what the mirror shows goes along into the call', async () => {
  const { ada, guest } = await atTheDoor('Ben')
  await guest.page.getByRole('button', { name: 'Allow microphone and camera' }).click()
  await guest.page.locator('video').waitFor()
  await guest.page.getByText('You join the call with microphone and camera on.').waitFor()
  await guest.page.getByRole('button', { name: 'Join room' }).click()
  const bar = guest.page.getByRole('toolbar', { name: 'Call controls' })
  await bar.getByRole('button', { name: 'Camera', exact: true, pressed: true }).waitFor()
  await bar.getByRole('button', { name: 'Microphone', exact: true, pressed: true }).waitFor()

  await ada.page.getByText('Ben is in the call').waitFor()
  await ada.page.getByRole('button', { name: 'Join call' }).click()
  await ada.page.getByRole('dialog').getByText('You join the call with microphone and camera off.').waitFor()
  await ada.page.getByRole('dialog').getByRole('button', { name: 'Join call' }).click()
  await ada.page.getByRole('region', { name: /^Ben/ }).locator('video').waitFor()
  await ada.page.getByRole('button', { name: 'Leave call' }).click()
  await ada.page.getByText('Ben is in the call').waitFor()
  await guest.page.getByText('You are the only one in the call').waitFor()
})

test('what was wanted is remembered, and taken up again where it is still allowed', async () => {
  const { guest } = await atTheDoor('Ben')
  await guest.context.grantPermissions(['microphone', 'camera'])
  await guest.page.getByRole('button', { name: 'Microphone only' }).click()
  await guest.page.getByText('Say something').waitFor()
  await guest.page.reload()
  await guest.page.getByRole('button', { name: 'Microphone', exact: true, pressed: true }).waitFor()
  await guest.page.getByRole('button', { name: 'Camera', exact: true, pressed: false }).waitFor()
})

test('devices are chosen, and the speaker is tried', async () => {
  const { guest } = await atTheDoor('Ben')
  await guest.page.getByRole('button', { name: 'Microphone only' }).click()
  await guest.page.getByRole('button', { name: 'Choose a microphone' }).click()
  const list = guest.page.getByRole('dialog', { name: 'Choose a microphone' })
  await list.getByRole('radio').nth(1).check()
  await guest.page.keyboard.press('Escape')
  await list.waitFor({ state: 'hidden' })
  await guest.page.getByRole('button', { name: 'Microphone', exact: true, pressed: true }).waitFor()
  await guest.page.getByRole('button', { name: 'Test sound' }).click()
  await guest.page.getByRole('button', { name: 'Playing a test sound' }).waitFor()
  await guest.page.getByRole('button', { name: 'Test sound' }).waitFor()
})

describe('with a browser that has nothing to give', () => {
  let browser: Browser | null = null
  const people: Person[] = []
  afterAll(async () => {
    await Promise.all(people.map(person => person.close()))
    await browser?.close()
  })
  const from = (wish: Parameters<typeof launch>[0]) => async (address?: string) => {
    await browser?.close()
    browser = await launch(wish)
    const person = await Person.arrive(browser, address ?? home.server().address)
    people.push(person)
    return person
  }

  test('a blocked microphone is said to be blocked, with what to do, and one joins all the same', async () => {
    const { ada, guest } = await atTheDoor('Ben', from({ devices: true, allow: false }))
    await guest.page.getByRole('button', { name: 'Allow microphone and camera' }).click()
    const help = guest.page.getByRole('alert').filter({ hasText: 'Microphone and camera access is blocked' })
    await help.getByText('left of the address').waitFor()
    await help.getByRole('button', { name: 'Try again' }).waitFor()
    await guest.stepIn('Ben')
    await ada.sees('Ben')
  })

  test('without a camera and a microphone it says that there is none', async () => {
    const { guest } = await atTheDoor('Ben', from({ devices: false, allow: true }))
    await guest.page.getByRole('button', { name: 'Allow microphone and camera' }).click()
    await guest.page.getByText('No microphone or camera found').waitFor()
    await guest.page.getByText('connected and switched on').waitFor()
  })

  test('a camera that another program has is said to be busy, and the microphone works without it', async () => {
    const { guest } = await atTheDoor('Ben')
    await guest.page.evaluate(() => {
      const get = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices)
      navigator.mediaDevices.getUserMedia = wish =>
        wish?.video ? Promise.reject(new DOMException('busy', 'NotReadableError')) : get(wish)
    })
    await guest.page.getByRole('button', { name: 'Allow microphone and camera' }).click()
    await guest.page.getByText('The camera is already in use').waitFor()
    await guest.page.getByRole('button', { name: 'Microphone', exact: true, pressed: true }).waitFor()
    await guest.page.getByText('You join the call with your microphone').waitFor()
  })

  test('a page without https says why it gets no devices', async () => {
    const { guest } = await atTheDoor('Ben')
    await guest.page.addInitScript(() => {
      Object.defineProperty(navigator, 'mediaDevices', { value: undefined })
    })
    await guest.page.reload()
    await guest.page.getByText('This page cannot use a microphone or camera').waitFor()
    await guest.page.getByText('open the link in your usual browser').waitFor()
    expect(await guest.page.getByRole('button', { name: 'Allow' }).count()).toBe(0)
    await guest.stepIn('Ben')
  })
})

test('a headset that is plugged in during a call is offered, and taken', async () => {
  const { guest } = await atTheDoor('Ben')
  await guest.page.getByRole('button', { name: 'Microphone only' }).click()
  await guest.page.getByText('Say something').waitFor()
  await guest.page.getByRole('button', { name: 'Join room' }).click()
  await guest.page.getByRole('toolbar').waitFor()
  await guest.page.getByRole('button', { name: 'Choose a microphone' }).click()
  await guest.page.getByRole('dialog', { name: 'Choose a microphone' }).getByRole('radio').nth(4).waitFor()
  await guest.page.keyboard.press('Escape')
  await guest.page.evaluate(() => {
    const { mediaDevices } = navigator
    const list = mediaDevices.enumerateDevices.bind(mediaDevices)
    mediaDevices.enumerateDevices = async () => {
      const [first, ...others] = await list()
      const named = { deviceId: 'new', kind: 'audioinput', label: 'Headset', groupId: '' } as MediaDeviceInfo
      return first ? [first, named, ...others] : [named]
    }
    mediaDevices.dispatchEvent(new Event('devicechange'))
  })
  await guest.page.getByText('Headset is connected.').waitFor()
  await guest.page.getByRole('button', { name: 'Use it' }).click()
  await guest.page.getByText('Headset is connected.').waitFor({ state: 'detached' })
  await guest.page.getByRole('button', { name: 'Choose a microphone' }).click()
  await guest.page.getByRole('radio', { name: 'Headset', checked: true }).waitFor()
})

test('somebody is made softer, and stays so', async () => {
  const { ada, guest } = await atTheDoor('Ben')
  await guest.page.getByRole('button', { name: 'Microphone only' }).click()
  await guest.page.getByText('Say something').waitFor()
  await guest.page.getByRole('button', { name: 'Join room' }).click()
  await ada.page.getByRole('button', { name: 'Join call' }).click()
  await ada.page.getByRole('dialog').getByRole('button', { name: 'Join call' }).click()
  await ada.page.getByRole('region', { name: /^Ben/ }).hover()
  await ada.page.getByRole('button', { name: 'Options for Ben' }).click()
  const volume = ada.page.getByLabel('Volume of Ben')
  await volume.fill('30')
  await ada.page.keyboard.press('Escape')
  await ada.page.getByRole('region', { name: /^Ben/ }).hover()
  await ada.page.getByRole('button', { name: 'Options for Ben' }).click()
  expect(await volume.inputValue()).toBe('30')
})

test('with the first key in an invitation the room is fetched, and what shows its call', async () => {
  const ada = await home.arrive()
  const { page } = await home.arrive(await ada.createRoom('Ada'))
  await page.getByText('Connected to the server').waitFor({ state: 'attached' })
  const fetched = ['room', 'call'].map(part =>
    page.waitForRequest(it => new URL(it.url()).pathname.startsWith(`/assets/${part}-`)),
  )
  await page.getByLabel('Your name').press('B')
  await Promise.all(fetched)
})

test('for whoever has a name already it is fetched while they read the invitation', async () => {
  const ada = await home.arrive()
  const link = await ada.createRoom('Ada')
  const ben = await home.arrive(link)
  await ben.enter('Ben')
  await ben.leave()
  const page = await ben.context.newPage()
  const fetched = page.waitForRequest(it => new URL(it.url()).pathname.startsWith('/assets/room-'))
  await page.goto(link)
  await fetched
  expect(await page.getByRole('button', { name: 'Join room' }).count()).toBe(1)
})
