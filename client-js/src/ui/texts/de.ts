/** Owns the German words of the page. */
import { call } from './de/call.ts'
import { chat } from './de/chat.ts'
import { connection } from './de/connection.ts'
import { files } from './de/files.ts'
import { preview } from './de/preview.ts'
import { safety } from './de/safety.ts'
import { settings } from './de/settings.ts'
import type { Texts } from './en.ts'

const refusals: Texts['refusals'] = {
  'wrong-password': 'Das ist nicht das Passwort dieses Raums.',
  'no-password': 'Dieser Raum hat ein Passwort.',
  'room-full': 'Der Raum ist voll. Versuche es wieder, wenn jemand gegangen ist.',
  'no-such-room': 'Diesen Raum gibt es nicht (mehr). Lass dir einen neuen Link geben.',
  'room-error': 'Das hat der Server nicht geschafft. Bitte versuche es noch einmal.',
  unreachable:
    'Der Server ist nicht erreichbar. Deine Eingaben sind noch da; versuche es gleich noch einmal.',
  'no-name': 'Sag zuerst, wer du bist.',
  'not-a-room': 'Das ist weder ein Link noch eine Raum-ID.',
}

const notices: Texts['notices'] = {
  joined: name => `${name} ist da`,
  left: name => `${name} ist gegangen`,
  'handed-over': name => `Du hast ${name} die letzten Nachrichten weitergegeben`,
  'too-fast': name => `${name} sendet schneller, als es angezeigt werden kann; manches fehlt`,
  'host-offline': () =>
    'Der Host hat die Verbindung zum Server verloren. Ihr könnt weiterreden, aber niemand kann mehr dazukommen.',
  'host-left': () => 'Der Host ist gegangen, und damit ist der Raum geschlossen.',
  'line-lost': () => 'Die Verbindung zum Server ist abgebrochen. Wer schon hier ist, hört dich weiterhin.',
  'line-back': () => 'Die Verbindung zum Server steht wieder.',
  'room-gone': () =>
    'Der Server kennt diesen Raum nicht mehr. Wer schon hier ist, kann weiterreden; neu dazukommen kann niemand.',
}

const reaches: Texts['reaches'] = {
  self: 'du',
  direct: 'direkt verbunden',
  'via-host': 'über den Host',
  connecting: 'wird verbunden …',
  unsteady: 'Verbindung instabil …',
  lost: 'Verbindung verloren, neuer Versuch …',
}

export const de: Texts = {
  appName: 'P2PChat',
  titleIn: room => `${room} – P2PChat`,
  refusals,
  notices,
  reaches,
  settings,
  preview,
  call,
  connection,
  safety,
  media: {
    show: 'Hier anzeigen',
    hide: 'Ausblenden',
    failed: 'Das lässt sich hier nicht anzeigen. Speichere es und öffne es mit einer anderen App.',
  },
  dialog: {
    close: 'Schließen',
    notLoaded:
      'Dieser Teil der Seite konnte nicht geladen werden. Prüfe die Verbindung und versuche es noch einmal.',
  },
  server: {
    connecting: 'Verbinde mit dem Server …',
    online: 'Mit dem Server verbunden',
    offline: 'Server nicht erreichbar, neuer Versuch …',
    roomGone: 'Geschlossen für Neue',
    ended: 'Beendet',
  },
  start: {
    title: 'Direkt reden.',
    lead: 'Was du schreibst, geht von Browser zu Browser. Der Server stellt euch nur einander vor.',
    yourName: 'Dein Name',
    yourNameHint: 'So sehen dich die anderen im Raum.',
  },
  create: {
    title: 'Raum erstellen',
    lead: 'Du bekommst einen Link zum Teilen.',
    roomName: 'Name des Raums',
    kind: 'Wie sich alle verbinden',
    mesh: 'Netz',
    meshLead: 'Alle verbinden sich mit allen. Den Raum gibt es, solange jemand darin ist.',
    star: 'Stern',
    starAlias: '(SFU)',
    starLead: 'Alle verbinden sich mit dir, und du gibst weiter. Der Raum endet, wenn du gehst.',
    password: 'Passwort',
    passwordHint: 'Steckt im Link. Leer lassen für einen Raum ohne Passwort.',
    generate: 'Erzeugen',
    peersMax: 'Höchstens so viele Leute',
    submit: 'Raum erstellen',
    busy: 'Wird erstellt …',
    defaultName: name => (name === '' ? 'Unser Raum' : `Raum von ${name}`),
  },
  join: {
    title: 'Raum betreten',
    lead: 'Mit einem Link oder einer Raum-ID.',
    room: 'Link oder Raum-ID',
    password: 'Passwort',
    passwordHint: 'Ein Link bringt es mit.',
    submit: 'Raum betreten',
    busy: 'Einen Moment …',
  },
  invited: {
    title: 'Du bist eingeladen',
    lead: 'Sag, wer du bist, und komm herein.',
    passwordLead: 'Der Raum hat vielleicht ein Passwort, und im Link steht keines.',
    wrongLead:
      'Das Passwort im Link ist nicht oder nicht mehr das des Raums. Frag danach, oder nach einem neuen Link.',
    elsewhere: 'Lieber zur Startseite',
  },
  room: {
    people: 'Leute',
    peopleCount: (count, max) => `${count} von ${max}`,
    you: 'du',
    host: 'Host',
    stranger: 'Jemand',
    leave: 'Verlassen',
    endAsk: {
      title: 'Den Raum für alle beenden?',
      lead: 'Du gibst alles zwischen den anderen weiter. Wenn du gehst, ist der Raum auch für sie vorbei.',
      yes: 'Raum beenden',
    },
    leaveAsk: {
      title: 'Gehen, während Dateien unterwegs sind?',
      lead: 'Sie bleiben stehen, wenn du gehst.',
      yes: 'Gehen',
    },
    stay: 'Bleiben',
    invite: 'Link kopieren',
    copied: 'Link kopiert',
    copyFailed: 'Kopieren ist hier nicht erlaubt. Markiere den Link und kopiere ihn selbst.',
    link: 'Link zu diesem Raum',
    share: 'Teilen',
    qrShow: 'QR-Code',
    qr: 'Einladung als QR-Code',
    qrLead: 'Wer eine Kamera darauf richtet, kann hereinkommen: Der Code enthält den Link mit dem Passwort.',
    ready: 'Dein Raum ist bereit',
    alone: 'Sonst ist niemand hier',
    readyLead: 'Schick diesen Link an alle, mit denen du reden willst. Er enthält das Passwort.',
    readyLeadOpen: 'Schick diesen Link an alle, mit denen du reden willst.',
    mesh: 'Netz',
    star: 'Stern',
    ended: 'Dieser Raum ist geschlossen.',
    waitingForHost: 'Du wirst mit dem Host verbunden …',
    hostLost: 'Die Verbindung zum Host ist abgebrochen. Warte, bis sie wieder da ist …',
  },
  chat,
  files,
  left: {
    title: 'Du bist gegangen',
    titleEnded: 'Der Raum ist geschlossen',
    lead: room => `Du bist nicht mehr in „${room}“. Vom Gespräch wurde nichts aufbewahrt.`,
    leadEnded: room => `„${room}“ ist vorbei. Vom Gespräch wurde nichts aufbewahrt.`,
    rejoin: 'Wieder betreten',
    busy: 'Einen Moment …',
    toStart: 'Zur Startseite',
  },
}
