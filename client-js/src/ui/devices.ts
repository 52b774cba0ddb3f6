/** Owns the list of devices while something shows it. */
import { useEffect, useState } from 'preact/hooks'
import { browserMedia } from '../call/browser.ts'
import { type Devices, noDevices } from '../call/devices.ts'
import { watchDevices } from '../call/watch.ts'

/** Devices have names only once one of them has been allowed, so `allowed` says when to look again. */
export const useDevices = (allowed: string): Devices => {
  const [devices, setDevices] = useState(noDevices)
  useEffect(() => watchDevices(browserMedia.media, setDevices), [allowed])
  return devices
}
