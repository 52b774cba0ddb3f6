/** Owns the list of devices as it is at any moment, whatever is plugged in or out. */
import { type Devices, devicesFrom, noDevices } from './devices.ts'
import type { MediaPort } from './preview.ts'

/** Tells the list at once and with every change, until the function given back is called. */
export const watchDevices = (media: MediaPort | null, changed: (devices: Devices) => void): (() => void) => {
  let over = false
  const list = async (): Promise<void> => {
    const devices = await media?.enumerateDevices().then(devicesFrom, () => noDevices)
    if (!over && devices) changed(devices)
  }
  const look = (): void => void list()
  look()
  media?.addEventListener('devicechange', look)
  return () => {
    over = true
    media?.removeEventListener('devicechange', look)
  }
}
