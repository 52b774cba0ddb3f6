/** Owns the start of the page: finds out where the server is, wires the parts together, and says goodbye when the page goes. */
import { h, render } from 'preact'
import { Desk, type Page } from './desk.ts'
import { Line } from './signaling/line.ts'
import { App } from './ui/app.tsx'
import { makeModel, nameUnitsMax } from './ui/model.ts'
import './ui/styles/base.css'
import './ui/styles/forms.css'
import './ui/styles/start.css'
import './ui/styles/room.css'
import './ui/styles/chat.css'

const nameKey = 'p2pchat.name'

/** Storage can be forbidden; then the name is asked for again next time. */
const remembered = (): string => {
  try {
    return (localStorage.getItem(nameKey) ?? '').slice(0, nameUnitsMax)
  } catch {
    return ''
  }
}

const page: Page = {
  address: () => location.href,
  setAddress: address => history.replaceState(null, '', address),
  rememberName: name => {
    try {
      localStorage.setItem(nameKey, name)
    } catch {
      // Forbidden storage costs a convenience, nothing else.
    }
  },
  copy: async text => {
    try {
      await navigator.clipboard.writeText(text)
      return true
    } catch {
      return false
    }
  },
  // 15 bytes are 20 characters, none of which means anything in an address.
  generatePassword: () =>
    btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(15))))
      .replaceAll('+', '-')
      .replaceAll('/', '_'),
}

const signalingPath =
  document.querySelector<HTMLMetaElement>('meta[name="signaling-path"]')?.content ?? '/api/signaling/'

const model = makeModel(remembered())
const line = new Line(signalingPath, {
  found: identity => desk.found(identity),
  lost: () => desk.lost(),
  notice: notice => desk.notice(notice),
})
const desk = new Desk(model, page, line)

addEventListener('hashchange', () => desk.addressChanged())
addEventListener('pagehide', () => {
  desk.leave()
  line.close()
})
addEventListener('pageshow', ({ persisted }) => {
  if (persisted) line.reopen()
})

const root = document.getElementById('app')
if (root) render(h(App, { model, commands: desk.commands }), root)
