/** Owns the start of the page: finds out where the server is, wires the parts together, and says goodbye when the page goes. */
import { h, render } from 'preact'
import { connect } from './core/index.ts'
import { Desk, type Page } from './desk.ts'
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

/** Where the server says that its signalling is. */
const path = document.querySelector<HTMLMetaElement>('meta[name="signaling-path"]')?.content

const model = makeModel(remembered())
const client = connect(path === undefined ? {} : { path })
const desk = new Desk(model, page, client)

addEventListener('hashchange', () => desk.addressChanged())
addEventListener('pagehide', () => {
  desk.leave()
  client.close()
})
addEventListener('pageshow', ({ persisted }) => {
  if (persisted) client.reopen()
})

const root = document.getElementById('app')
if (root) render(h(App, { model, commands: desk.commands }), root)
