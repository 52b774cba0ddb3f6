/** Starts the app: finds out where the server is, wires the parts together, and leaves the room when the page goes. */
import { computed, effect } from '@preact/signals'
import { h, render } from 'preact'
import { AppController } from './app/controller.ts'
import { roomHistory } from './app/history.ts'
import { storedRooms, storeRooms } from './app/known-rooms.ts'
import type { OtherTabs } from './app/other-tabs.ts'
import type { Page } from './app/page.ts'
import {
  choosePlace,
  copy,
  freshPage,
  installing,
  leaveDrafts,
  registerWorker,
  reloadedFor,
  save,
  sweepReceived,
  takeDrafts,
  warnBeforeLeaving,
} from './app/page-services.ts'
import { onSettingsStored, storedSettings, storeSettings } from './app/settings.ts'
import { earlierStay, saveTabState, storeAccess, storedAccess, takeTabState } from './app/tab-state.ts'
import { Updates } from './app/updates.ts'
import { randomToken } from './base/random.ts'
import { browserMedia } from './call/browser.ts'
import { Preview } from './call/preview.ts'
import { connect } from './core/client.ts'
import { canConnect, canSeal } from './link/browser-api.ts'
import { App } from './ui/app.tsx'
import { followKeyboard, followVisibility } from './ui/browser.ts'
import { applyLanguage, applyTheme, speak } from './ui/language.ts'
import { makeModel, type Shared } from './ui/model.ts'
import { loadedOnce } from './ui/parts/ahead.ts'
import { outdated } from './ui/parts/missing.tsx'
import { leaveGuard } from './ui/selectors.ts'

/** Whoever closes the system's sheet has changed their mind, which is no trouble. */
const handOn = (what: Shared): Promise<void> => navigator.share(what).catch(() => undefined)

const { install } = installing(possible => {
  model.installable.value = possible
})

const loadAlerts = loadedOnce(() => import('./app/alerts.ts').then(({ alerts }) => alerts))

const page: Page = {
  install,
  // A method of its object, which browsers on most computers lack.
  ...('share' in navigator ? { share: handOn } : {}),
  ...(choosePlace ? { choosePlace } : {}),
  alerts: loadAlerts,
  drafts: takeDrafts(),
  keepAccess: storeAccess,
  address: () => location.href,
  history: roomHistory,
  copy,
  save,
  partFailed: () => void updates.partFailed(),
  generatePassword: randomToken,
}

/** Where the server says that its signalling is, which knows nothing of a path that a proxy has put before its own. */
const named = document.querySelector<HTMLMetaElement>('meta[name="signaling-path"]')?.content
const path = named === undefined ? undefined : new URL(`.${named}`, location.href).pathname

const preview = new Preview({
  ...browserMedia,
  remembered: () => {
    const { microphone, camera, speaker, microphoneOn, cameraOn } = settings.value
    return {
      wanted: { microphone: microphoneOn, camera: cameraOn },
      choices: { microphone, camera, speaker },
    }
  },
  remember: wanted =>
    controller.commands.choose({ microphoneOn: wanted.microphone, cameraOn: wanted.camera }),
  changed: state => {
    model.preview.value = state
  },
})
const model = makeModel(storedSettings(), preview.state, canConnect(), canSeal(true))
const { settings } = model
const earlier = takeTabState()
const stay = await earlierStay(earlier)
const client = connect({
  record: earlier.record,
  access: storedAccess(),
  ...(path === undefined ? {} : { path }),
  configure: handedOut => {
    const { iceServers, relayOnly } = model.settings.value
    return {
      iceServers: iceServers.length > 0 ? [...iceServers] : handedOut,
      iceTransportPolicy: relayOnly ? 'relay' : 'all',
    }
  },
})
const rooms = { read: storedRooms, write: storeRooms }
const controller = new AppController(model, page, client, preview, rooms, stay)

addEventListener('popstate', () => controller.moved())
addEventListener('hashchange', () => controller.addressChanged())

const roomNow = computed(() => (model.view.value.kind === 'room' ? model.view.value.state.card.id : null))
let tabs: OtherTabs | null = null
const loadTabs = loadedOnce(() => import('./app/attach-session.ts'))
const meetTabs = async (): Promise<void> => {
  const { OtherTabs, tabChannel } = await loadTabs()
  tabs ??= new OtherTabs(tabChannel(), rooms => {
    model.inOtherTabs.value = rooms
  })
  tabs.enter(roomNow.peek())
}
// Without the server nobody comes in twice, and the first view is there before it.
effect(() => {
  if (model.server.value === 'online') void meetTabs().catch(() => undefined)
})
effect(() => {
  const room = roomNow.value
  tabs?.enter(room)
})
let hidden = false
addEventListener('pagehide', ({ persisted }) => {
  hidden = true
  saveTabState(client.record, controller.stay)
  leaveDrafts(controller.drafts)
  tabs?.enter(null)
  // A page that the browser may bring back as it is goes on by itself, and the server keeps its place for a while.
  if (!persisted) client.closing()
})
addEventListener('pageshow', ({ persisted }) => {
  hidden = false
  if (!persisted) return
  tabs?.enter(roomNow.value)
  takeTabState()
  takeDrafts()
})
// A browser may throw away a page that nobody sees, without a word to it.
document.addEventListener('visibilitychange', () => {
  // A page that goes is hidden after it has gone, and has nothing to leave any more.
  if (hidden) return
  if (document.visibilityState === 'hidden') return saveTabState(client.record, controller.stay)
  takeTabState()
  tabs?.ask()
})

const staked = computed(() => {
  const view = model.view.value
  return view.kind === 'room' && leaveGuard(view.state, model.files.value) !== null
})
const calling = computed(() => model.call.value !== null && model.call.value.own.phase !== 'out')
effect(() => warnBeforeLeaving(staked.value || calling.value))

const idle = computed(
  () => model.view.value.kind !== 'room' && model.busy.value === null && model.draft.value === '',
)
const updates = new Updates({
  script: document.querySelector('script[type="module"][src]')?.getAttribute('src') ?? null,
  page: freshPage,
  idle: () => idle.value,
  outdated: () => {
    outdated.value = true
  },
  reload: () => location.reload(),
  reloadedFor,
})
// Vite tells of every part that cannot be loaded: https://vite.dev/guide/build#load-error-handling
addEventListener('vite:preloadError', () => void updates.partFailed())
effect(() => {
  if (idle.value) updates.settle()
})

onSettingsStored(stored => {
  settings.value = stored
})
effect(() => storeSettings(settings.value))
const theme = computed(() => settings.value.theme)
const language = computed(() => settings.value.language)
effect(() => applyTheme(theme.value))
effect(applyLanguage)
followKeyboard()
followVisibility()

const start = async (): Promise<void> => {
  const root = document.getElementById('app')
  // Before anything is drawn, so that nobody sees a language that is not theirs.
  await speak(language.value, navigator.languages)
  if (root) render(h(App, { model, commands: controller.commands }), root)
  effect(() => void speak(language.value, navigator.languages))
}
void start()
registerWorker()
addEventListener('load', () => void sweepReceived(), { once: true })
