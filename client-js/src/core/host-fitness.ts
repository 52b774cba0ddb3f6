/**
 * How fit this device is to be a star's host, who sends everybody's pictures to everybody: from 0, not at all, to 100. It
 * is a guess from what a browser tells, made so that a computer on mains comes before a phone in a pocket.
 */
import { attempt, within } from '../link/browser-api.ts'

/** Parts of `navigator` that not every browser has. */
type Told = {
  readonly userAgent?: string
  readonly hardwareConcurrency?: number
  readonly userAgentData?: { readonly mobile?: boolean }
  readonly connection?: { readonly downlink?: number; readonly saveData?: boolean; readonly type?: string }
  /** https://www.w3.org/TR/battery-status/ */
  readonly getBattery?: () => Promise<{ readonly charging: boolean; readonly level: number }>
}

type Battery = { readonly charging: boolean; readonly level: number }

const batteryMs = 300

/** `uplinkBits` is what connections were measured to carry so far, in bits per second; null before there were any. */
export const fitnessOf = (told: Told, battery: Battery | null, uplinkBits: number | null = null): number => {
  const { connection } = told
  const mobile = told.userAgentData?.mobile ?? /Mobi|Android/i.test(told.userAgent ?? '')
  const metered = connection?.saveData === true || connection?.type === 'cellular'
  // Each guest of a star is sent the pictures of all the others.
  const narrow =
    uplinkBits === null ? (connection?.downlink ?? Number.POSITIVE_INFINITY) < 2 : uplinkBits < 2_000_000
  const losses = [
    mobile ? 35 : 0,
    battery && !battery.charging ? 20 : 0,
    battery && !battery.charging && battery.level < 0.3 ? 15 : 0,
    metered ? 25 : 0,
    narrow ? 20 : 0,
    (told.hardwareConcurrency ?? 4) < 4 ? 10 : 0,
  ]
  return Math.max(1, 100 - losses.reduce((sum, loss) => sum + loss, 0))
}

/** Asks the browser, which may take a moment. */
export const fitnessAsHost = async (): Promise<number> => {
  const told = attempt(() => navigator as Told) ?? {}
  const asked = attempt(() => told.getBattery?.())
  return fitnessOf(told, asked ? await within(batteryMs, asked, null) : null)
}
