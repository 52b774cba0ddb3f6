/** How fit a device is to be a host. */
import { expect, test } from 'vitest'
import { fitnessOf } from '../src/core/host-fitness.ts'

test('a computer on mains is a better host than a phone in a pocket, and every device better than none', () => {
  const desk = fitnessOf({ userAgent: 'X11; Linux', hardwareConcurrency: 8 }, { charging: true, level: 1 })
  const laptop = fitnessOf({ userAgent: 'X11; Linux' }, { charging: false, level: 0.8 })
  const phone = fitnessOf(
    { userAgent: 'Android Mobile', connection: { type: 'cellular' } },
    { charging: false, level: 0.2 },
  )
  expect(desk).toBe(100)
  expect(laptop).toBeLessThan(desk)
  expect(phone).toBeLessThan(laptop)
  expect(phone).toBeGreaterThan(0)
  expect(fitnessOf({}, null, 500_000)).toBeLessThan(fitnessOf({}, null, 20_000_000))
})
