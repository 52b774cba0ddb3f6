/** The list of devices while something shows it, and when a screen can be shared. */
import { useEffect, useRef, useState } from 'preact/hooks'
import { browserMedia } from '../call/browser.ts'
import {
  changes,
  type Device,
  type DeviceKind,
  type Devices,
  noDevices,
  watchDevices,
} from '../call/devices.ts'
import type { CallCommands, CallState } from '../call/state.ts'

/** Devices have names only once one of them has been allowed, so `allowed` says when to look again. */
export const useDevices = (allowed: string): Devices => {
  const [devices, setDevices] = useState(noDevices)
  useEffect(() => watchDevices(browserMedia.media, setDevices), [allowed])
  return devices
}

/** A device that has just been plugged in. */
export type Plugged = { readonly kind: DeviceKind; readonly device: Device }

const kinds: readonly DeviceKind[] = ['microphone', 'speaker', 'camera']

/**
 * The first of what came last, as long as it is there: a headset comes as two, and its microphone is what one means.
 */
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

/** Phones do not let pages see their screens. */
export const canShare = (): boolean => 'getDisplayMedia' in (navigator.mediaDevices ?? {})

/** Begins with sharp letters, which is what screens are mostly shared for. */
export const share = (call: CallCommands): void => void call.shareScreen({ sound: true, hint: 'text' })

/** Stops all of them: whoever presses it in a hurry wants nothing to be seen any more. */
export const toggleScreen = ({ own }: CallState, call: CallCommands): void => {
  if (own.screens.length === 0) {
    if (canShare()) share(call)
    return
  }
  for (const { id } of own.screens) call.stopScreen(id)
}
