/** Owns the German words of a call: its bar, its tiles, and what happens in it. */
import type { Texts } from '../en.ts'
import { plurals } from '../plural.ts'

const plural = plurals('de')

export const call: Texts['call'] = {
  start: 'Anrufen',
  join: 'Beim Anruf mitmachen',
  joinTitle: 'Beim Anruf mitmachen',
  startTitle: 'Anruf starten',
  leave: 'Auflegen',
  area: 'Anruf',
  bar: 'Bedienung des Anrufs',
  people: 'Leute im Anruf',
  inIt: (first, others) =>
    others === 0
      ? `${first} ist im Anruf`
      : others === 1
        ? `${first} und noch jemand sind im Anruf`
        : `${first} und ${others} andere sind im Anruf`,
  inItTwo: (first, second) => `${first} und ${second} sind im Anruf`,
  inCall: 'im Anruf',
  alone: 'Nur du bist im Anruf',
  microphone: 'Mikrofon',
  camera: 'Kamera',
  screen: 'Bildschirm teilen',
  screenStop: 'Nicht mehr teilen',
  screenMore: 'Was du teilst',
  chat: 'Chat',
  chatUnread: 'Chat, mit neuen Nachrichten',
  peoplePanel: 'Leute',
  more: 'Mehr',
  you: 'Du',
  self: name => `${name} (du)`,
  muted: 'stumm',
  noPicture: 'Kamera aus',
  screenOf: name => `Bildschirm von ${name}`,
  ownScreen: 'Dein Bildschirm',
  ownScreenWhole: 'Du teilst deinen ganzen Bildschirm',
  ownScreenHint: 'Er wird hier nicht gezeigt, sonst zeigte er sich endlos selbst.',
  pin: 'Anheften',
  unpin: 'Lösen',
  pinned: name => `${name} ist angeheftet`,
  unpinned: name => `${name} ist nicht mehr angeheftet`,
  fullScreen: 'Vollbild',
  fullScreenOff: 'Vollbild verlassen',
  smallWindow: 'In eigenem Fenster',
  options: name => `Optionen für ${name}`,
  volumeOf: name => `Lautstärke von ${name}`,
  qualities: { good: 'Gute Verbindung', fair: 'Mäßige Verbindung', poor: 'Schlechte Verbindung' },
  measured: (lossPercent, roundTripMs, jitterMs) =>
    [
      `${lossPercent} % verloren`,
      roundTripMs === null ? null : `${roundTripMs} ms hin und zurück`,
      `${jitterMs} ms Schwankung`,
    ]
      .filter(it => it !== null)
      .join(' · '),
  reconnecting: 'Wird wieder verbunden …',
  reconnectingAll: 'Wird wieder verbunden … Bleib hier: Der Anruf geht von selbst weiter.',
  connecting: 'Wird verbunden …',
  needsPress: 'Dein Browser hält den Ton zurück, bis du hier drückst.',
  playSound: 'Ton abspielen',
  mutedSpeaking: 'Du sprichst, aber dein Mikrofon ist aus.',
  silent:
    'Dein Mikrofon ist an, gibt aber keinen Ton. Vielleicht ist es an einem eigenen Schalter stumm gestellt.',
  unmute: 'Mikrofon einschalten',
  holdToTalk: 'Zum Sprechen die Leertaste halten',
  holdToTalkTouch: 'Zum Sprechen das Mikrofon halten',
  talking: 'Man hört dich',
  troubles: {
    microphone: 'Das Mikrofon funktioniert nicht',
    camera: 'Die Kamera funktioniert nicht',
    screen: 'Der Bildschirm lässt sich nicht teilen',
    speaker: 'Der Ton lässt sich dort nicht abspielen',
  },
  screenUnsupported: 'Dieser Browser kann keinen Bildschirm teilen.',
  screenBlocked: 'Das Teilen wurde nicht erlaubt. Drücke noch einmal und wähle, was du teilen willst.',
  plugged: device => `${device} ist angeschlossen.`,
  useIt: 'Nehmen',
  dismiss: 'Ausblenden',
  carrying: (guests, megabits) =>
    `${plural(guests, {
      one: 'Du gibst den Anruf an # Gast weiter',
      other: 'Du gibst den Anruf an # Gäste weiter',
    })}: ${megabits} Mbit/s`,
  strained:
    'Deine Verbindung oder dein Rechner ist am Limit, die anderen bekommen unschärfere Bilder. Nur Ton würde helfen.',
  audioOnly: 'Nur Ton',
  audioOnlyHint: 'Kameras werden weder gesendet noch gezeigt.',
  pushToTalk: 'Push-to-Talk',
  pushToTalkHint: 'Man hört dich nur, solange du die Leertaste hältst.',
  hints: { text: 'Scharfe Schrift', motion: 'Flüssige Bewegung' },
  hintTitle: 'Was dabei zählt',
  shareAnother: 'Noch einen teilen',
  shortcuts: {
    microphone: 'Mikrofon an oder aus',
    camera: 'Kamera an oder aus',
    talk: 'Sprechen, solange gehalten (mit Push-to-Talk)',
    screen: 'Bildschirm teilen oder nicht mehr teilen',
    chat: 'Chat öffnen oder schließen',
    'full-screen': 'Vollbild an oder aus',
    help: 'Diese Tasten zeigen',
  },
  shortcutsTitle: 'Tastenkürzel',
  shortcutsHint: 'Sie gelten nicht, während du schreibst.',
  space: 'Leertaste',
  said: {
    joined: name => `${name} ist jetzt im Anruf`,
    left: name => `${name} hat aufgelegt`,
    shares: name => `${name} teilt einen Bildschirm`,
    sharesNot: name => `${name} teilt keinen Bildschirm mehr`,
    entered: 'Du bist im Anruf',
    out: 'Du hast aufgelegt',
    unmuted: 'Mikrofon an',
    muted: 'Mikrofon aus',
    cameraOn: 'Kamera an',
    cameraOff: 'Kamera aus',
    sharing: 'Du teilst deinen Bildschirm',
    sharingNot: 'Du teilst deinen Bildschirm nicht mehr',
  },
}
