/** Owns the Arabic words of the page. */
import { call } from './ar/call.ts'
import { chat } from './ar/chat.ts'
import { connection } from './ar/connection.ts'
import { files } from './ar/files.ts'
import { preview } from './ar/preview.ts'
import { safety } from './ar/safety.ts'
import { settings } from './ar/settings.ts'
import type { Texts } from './en.ts'
import { isolated } from './isolate.ts'

const refusals: Texts['refusals'] = {
  'wrong-password': 'هذه ليست كلمة مرور هذه الغرفة.',
  'no-password': 'لهذه الغرفة كلمة مرور.',
  'room-full': 'الغرفة ممتلئة. حاول مجددًا عندما يغادر أحدهم.',
  'no-such-room': 'لا توجد غرفة كهذه، أو أنها انتهت. اطلب رابطًا جديدًا.',
  'room-error': 'لم يتمكن الخادم من ذلك. حاول مرة أخرى.',
  unreachable: 'تعذّر الوصول إلى الخادم. ما كتبته ما زال هنا؛ حاول مجددًا بعد لحظات.',
  'no-name': 'اكتب اسمك أولًا.',
  'not-a-room': 'هذا ليس رابطًا ولا معرّف غرفة.',
}

const notices: Texts['notices'] = {
  joined: name => `انضم ${isolated(name)}`,
  left: name => `غادر ${isolated(name)}`,
  'handed-over': name => `سلّمت آخر الرسائل إلى ${isolated(name)}`,
  'too-fast': name => `يرسل ${isolated(name)} أسرع مما يمكن عرضه، فحُذف بعضه`,
  'host-offline': () => 'فقد المضيف الاتصال بالخادم. يمكنكم متابعة الحديث، لكن لا يمكن لأحد الانضمام.',
  'host-left': () => 'غادر المضيف، وبذلك انتهت الغرفة.',
  'line-lost': () => 'انقطع الاتصال بالخادم. من هم هنا ما زالوا يسمعونك.',
  'line-back': () => 'عاد الاتصال بالخادم.',
  'room-gone': () => 'لم يعد الخادم يعرف هذه الغرفة. يمكن لمن هم هنا متابعة الحديث، ولا يمكن لأحد الانضمام.',
}

const reaches: Texts['reaches'] = {
  self: 'أنت',
  direct: 'اتصال مباشر',
  'via-host': 'عبر المضيف',
  connecting: 'جارٍ الاتصال…',
  unsteady: 'الاتصال غير مستقر…',
  lost: 'انقطع الاتصال، جارٍ إعادة المحاولة…',
}

export const ar: Texts = {
  appName: 'P2PChat',
  titleIn: room => `${isolated(room)} – P2PChat`,
  refusals,
  notices,
  reaches,
  settings,
  preview,
  call,
  connection,
  safety,
  media: {
    show: 'عرض هنا',
    hide: 'إخفاء',
    failed: 'لا يمكن عرضه هنا. احفظه وافتحه بتطبيق آخر.',
  },
  dialog: {
    close: 'إغلاق',
    notLoaded: 'تعذّر تحميل هذا الجزء من الصفحة. تحقق من الاتصال وحاول مرة أخرى.',
  },
  server: {
    connecting: 'جارٍ الاتصال بالخادم…',
    online: 'متصل بالخادم',
    offline: 'تعذّر الوصول إلى الخادم، جارٍ إعادة المحاولة…',
    roomGone: 'مغلقة أمام القادمين الجدد',
    ended: 'انتهت',
  },
  start: {
    title: 'تحدّث مباشرة.',
    lead: 'ما تكتبه ينتقل من متصفح إلى متصفح. الخادم يعرّفكم ببعضكم فقط.',
    yourName: 'اسمك',
    yourNameHint: 'يراه الآخرون في الغرفة.',
  },
  create: {
    title: 'إنشاء غرفة',
    lead: 'ستحصل على رابط لمشاركته.',
    roomName: 'اسم الغرفة',
    kind: 'طريقة الاتصال',
    mesh: 'شبكة',
    meshLead: 'الجميع متصل بالجميع. تبقى الغرفة ما دام فيها أحد.',
    star: 'نجمة',
    starAlias: '(SFU)',
    starLead: 'الجميع متصل بك وأنت تنقل إليهم. تنتهي الغرفة عندما تغادر.',
    password: 'كلمة المرور',
    passwordHint: 'جزء من الرابط. اتركها فارغة لغرفة بلا كلمة مرور.',
    generate: 'توليد',
    peersMax: 'الحد الأقصى للأشخاص',
    submit: 'إنشاء الغرفة',
    busy: 'جارٍ الإنشاء…',
    defaultName: name => (name === '' ? 'غرفتنا' : `غرفة ${name}`),
  },
  join: {
    title: 'الانضمام إلى غرفة',
    lead: 'برابط أو بمعرّف غرفة.',
    room: 'الرابط أو معرّف الغرفة',
    password: 'كلمة المرور',
    passwordHint: 'يحملها الرابط معه.',
    submit: 'انضمام',
    busy: 'جارٍ الانضمام…',
  },
  invited: {
    title: 'أنت مدعو',
    lead: 'اكتب اسمك ثم ادخل.',
    passwordLead: 'قد تكون لهذه الغرفة كلمة مرور، والرابط لا يحتوي عليها.',
    wrongLead: 'كلمة المرور في الرابط ليست كلمة مرور الغرفة، أو لم تعد كذلك. اطلبها، أو اطلب رابطًا جديدًا.',
    elsewhere: 'الذهاب إلى صفحة البداية',
  },
  room: {
    people: 'الأشخاص',
    peopleCount: (count, max) => `${count} من ${max}`,
    you: 'أنت',
    host: 'المضيف',
    stranger: 'شخص ما',
    leave: 'مغادرة',
    endAsk: {
      title: 'إنهاء الغرفة للجميع؟',
      lead: 'كل شيء بين الآخرين يمر عبرك. إن غادرت انتهت الغرفة لهم أيضًا.',
      yes: 'إنهاء الغرفة',
    },
    leaveAsk: { title: 'المغادرة بينما لا تزال ملفات في الطريق؟', lead: 'تتوقف إن غادرت.', yes: 'المغادرة' },
    stay: 'البقاء',
    invite: 'نسخ الرابط',
    copied: 'نُسخ الرابط',
    copyFailed: 'النسخ غير مسموح هنا. حدّد الرابط وانسخه بنفسك.',
    link: 'رابط هذه الغرفة',
    share: 'مشاركة',
    qrShow: 'رمز QR',
    qr: 'الدعوة كرمز QR',
    qrLead: 'يمكن لأي شخص يوجّه الكاميرا نحوه أن يدخل: فيه الرابط مع كلمة المرور.',
    ready: 'غرفتك جاهزة',
    alone: 'لا أحد غيرك هنا',
    readyLead: 'أرسل هذا الرابط إلى من تريد التحدث معهم. يحتوي على كلمة المرور.',
    readyLeadOpen: 'أرسل هذا الرابط إلى من تريد التحدث معهم.',
    mesh: 'شبكة',
    star: 'نجمة',
    ended: 'انتهت هذه الغرفة.',
    waitingForHost: 'جارٍ توصيلك بالمضيف…',
    hostLost: 'انقطع الاتصال بالمضيف. في انتظار عودته…',
  },
  chat,
  files,
  left: {
    title: 'لقد غادرت',
    titleEnded: 'انتهت الغرفة',
    lead: room => `لم تعد في «${isolated(room)}». لم يُحفظ شيء من المحادثة.`,
    leadEnded: room => `انتهت «${isolated(room)}». لم يُحفظ شيء من المحادثة.`,
    rejoin: 'العودة إلى الغرفة',
    busy: 'جارٍ الانضمام…',
    toStart: 'صفحة البداية',
  },
}
