/** Owns the list of devices while something shows it. */
import { useEffect, useRef, useState } from 'preact/hooks'
import { browserMedia } from '../call/browser.ts'
import { changes, type Device, type DeviceKind, type Devices, noDevices } from '../call/devices.ts'
import { watchDevices } from '../call/watch.ts'

/** Devices have names only once one of them has been allowed, so `allowed` says when to look again. */
export const useDevices = (allowed: string): Devices => {
  const [devices, setDevices] = useState(noDevices)
  useEffect(() => watchDevices(browserMedia.media, setDevices), [allowed])
  return devices
}

/** A device that has just been plugged in. */
export type Plugged = { readonly kind: DeviceKind; readonly device: Device }

const kinds: readonly DeviceKind[] = ['microphone', 'speaker', 'camera']

/** The first of what came last, as long as it is there: a headset comes as two, and its microphone is what one means. */
export const usePlugged = (devices: Devices): { found: Plugged | null; forget: () => void } => {
  const before = useRef(devices)
  const [found, setFound] = useState<Plugged | null>(null)
  useEffect(() => {
    const was = before.current
    before.current = devices
    const came = kinds.flatMap(kind =>
      changes(was[kind], devices[kind]).came.map(device => ({ kind, device })),
    )
    setFound(now => came[0] ?? (now && devices[now.kind].some(({ id }) => id === now.device.id) ? now : null))
  }, [devices])
  return { found, forget: () => setFound(null) }
}
