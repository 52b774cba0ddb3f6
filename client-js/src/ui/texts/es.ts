/** Owns the Spanish words of the page. */
import type { Texts } from './en.ts'
import { call } from './es/call.ts'
import { chat } from './es/chat.ts'
import { connection } from './es/connection.ts'
import { files } from './es/files.ts'
import { preview } from './es/preview.ts'
import { safety } from './es/safety.ts'
import { settings } from './es/settings.ts'

const refusals: Texts['refusals'] = {
  'wrong-password': 'Esa no es la contraseña de esta sala.',
  'no-password': 'Esta sala tiene contraseña.',
  'room-full': 'La sala está llena. Vuelve a intentarlo cuando alguien se haya ido.',
  'no-such-room': 'Esa sala no existe o ya terminó. Pide un enlace nuevo.',
  'room-error': 'El servidor no pudo hacerlo. Inténtalo de nuevo.',
  unreachable:
    'No se puede llegar al servidor. Lo que escribiste sigue aquí; inténtalo dentro de un momento.',
  'no-name': 'Primero di quién eres.',
  'not-a-room': 'Esto no es ni un enlace ni un identificador de sala.',
}

const notices: Texts['notices'] = {
  joined: name => `${name} está aquí`,
  left: name => `${name} se ha ido`,
  'handed-over': name => `Has pasado los últimos mensajes a ${name}`,
  'too-fast': name => `${name} envía más rápido de lo que se puede mostrar; falta una parte`,
  'host-offline': () =>
    'El anfitrión ha perdido el servidor. Se puede seguir hablando, pero ya no puede entrar nadie.',
  'host-left': () => 'El anfitrión se ha ido, y con eso la sala ha terminado.',
  'line-lost': () => 'Se ha cortado la línea con el servidor. Quienes ya están aquí te siguen oyendo.',
  'line-back': () => 'Ha vuelto la línea con el servidor.',
  'room-gone': () =>
    'El servidor ya no conoce esta sala. Quienes ya están aquí pueden seguir hablando; no puede entrar nadie más.',
}

const reaches: Texts['reaches'] = {
  self: 'tú',
  direct: 'conexión directa',
  'via-host': 'a través del anfitrión',
  connecting: 'conectando…',
  unsteady: 'conexión inestable…',
  lost: 'conexión perdida, reintentando…',
}

export const es: Texts = {
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
    show: 'Mostrar aquí',
    hide: 'Ocultar',
    failed: 'No se puede mostrar aquí. Guárdalo y ábrelo con otra aplicación.',
  },
  dialog: {
    close: 'Cerrar',
    notLoaded: 'No se ha podido cargar esta parte de la página. Comprueba la conexión e inténtalo de nuevo.',
  },
  server: {
    connecting: 'Conectando con el servidor…',
    online: 'Conectado al servidor',
    offline: 'Servidor inaccesible, reintentando…',
    roomGone: 'Cerrada a nuevas personas',
    ended: 'Terminada',
  },
  start: {
    title: 'Habla directamente.',
    lead: 'Lo que escribes va de navegador a navegador. El servidor solo hace las presentaciones.',
    yourName: 'Tu nombre',
    yourNameHint: 'Lo ven los demás en la sala.',
  },
  create: {
    title: 'Crear una sala',
    lead: 'Recibirás un enlace para compartir.',
    roomName: 'Nombre de la sala',
    kind: 'Cómo se conecta la gente',
    mesh: 'Malla',
    meshLead: 'Todos se conectan con todos. La sala existe mientras haya alguien en ella.',
    star: 'Estrella',
    starAlias: '(SFU)',
    starLead: 'Todos se conectan contigo y tú lo pasas. La sala termina cuando te vas.',
    password: 'Contraseña',
    passwordHint: 'Forma parte del enlace. Déjala vacía para una sala sin contraseña.',
    generate: 'Generar',
    peersMax: 'Máximo de personas',
    submit: 'Crear sala',
    busy: 'Creando…',
    defaultName: name => (name === '' ? 'Nuestra sala' : `Sala de ${name}`),
  },
  join: {
    title: 'Entrar en una sala',
    lead: 'Con un enlace o un identificador de sala.',
    room: 'Enlace o identificador',
    password: 'Contraseña',
    passwordHint: 'Un enlace ya la trae.',
    submit: 'Entrar en la sala',
    busy: 'Entrando…',
  },
  invited: {
    title: 'Te han invitado',
    lead: 'Di quién eres y entra.',
    passwordLead: 'Puede que esta sala tenga contraseña, y el enlace no la contiene.',
    wrongLead: 'La contraseña del enlace no es, o ya no es, la de la sala. Pídela, o pide un enlace nuevo.',
    elsewhere: 'Mejor ir a la página de inicio',
  },
  room: {
    people: 'Personas',
    peopleCount: (count, max) => `${count} de ${max}`,
    you: 'tú',
    host: 'anfitrión',
    stranger: 'Alguien',
    leave: 'Salir',
    endAsk: {
      title: '¿Terminar la sala para todos?',
      lead: 'Todo pasa por ti. Si te vas, la sala termina también para los demás.',
      yes: 'Terminar la sala',
    },
    leaveAsk: { title: '¿Salir con archivos en camino?', lead: 'Se detienen si sales.', yes: 'Salir' },
    stay: 'Quedarme',
    invite: 'Copiar enlace',
    copied: 'Enlace copiado',
    copyFailed: 'Aquí no se permite copiar. Selecciona el enlace y cópialo tú.',
    link: 'Enlace a esta sala',
    share: 'Compartir',
    qrShow: 'Código QR',
    qr: 'Invitación como código QR',
    qrLead: 'Quien apunte una cámara a este código puede entrar: contiene el enlace con la contraseña.',
    ready: 'Tu sala está lista',
    alone: 'No hay nadie más aquí',
    readyLead: 'Envía este enlace a las personas con las que quieres hablar. Contiene la contraseña.',
    readyLeadOpen: 'Envía este enlace a las personas con las que quieres hablar.',
    mesh: 'Malla',
    star: 'Estrella',
    ended: 'Esta sala ha terminado.',
    waitingForHost: 'Conectando con el anfitrión…',
    hostLost: 'Se ha cortado la conexión con el anfitrión. Esperando a que vuelva…',
  },
  chat,
  files,
  left: {
    title: 'Has salido',
    titleEnded: 'La sala ha terminado',
    lead: room => `Ya no estás en «${room}». No se ha guardado nada de la conversación.`,
    leadEnded: room => `«${room}» ha terminado. No se ha guardado nada de la conversación.`,
    rejoin: 'Volver a entrar',
    busy: 'Entrando…',
    toStart: 'Página de inicio',
  },
}
