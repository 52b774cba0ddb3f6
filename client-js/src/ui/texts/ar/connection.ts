/** Owns the Arabic words of the settings about connections. */
import type { Texts } from '../en.ts'
import { leftToRight } from '../isolate.ts'

export const connection: Texts['connection'] = {
  relayOnly: 'إخفاء عنواني خلف مرحّل',
  relayOnlyHint:
    'وإلا استطاع الآخرون في الغرفة رؤية عنوان IP الخاص بك. عندها يمر كل شيء عبر خادم TURN، وهو أبطأ ولا يستطيع قراءة شيء.',
  noRelay: 'يحتاج هذا إلى خادم TURN. لم تحدّد أنت ولا هذا الموقع واحدًا، فلن تصل إلى أحد.',
  relayFails:
    'لا يمكن الوصول إلى أحد بعد: أنت تخفي عنوانك، ولا ينشأ أي اتصال عبر خادم TURN. جرّبه في الإعدادات.',
  own: 'خوادم STUN وTURN الخاصة بك',
  ownHint: 'تُستخدم بدل التي يقدّمها هذا الموقع.',
  address: 'العنوان',
  addressHint: `يبدأ بـ ${leftToRight('stun:')} أو ${leftToRight('turn:')} أو ${leftToRight('turns:')}`,
  noAddress: `هذا ليس عنوان خادم STUN أو TURN. مثال: ${leftToRight('turn:turn.example.org:3478')}`,
  username: 'اسم المستخدم',
  credential: 'كلمة المرور',
  noAccount: 'يطلب خادم TURN اسم مستخدم وكلمة مرور.',
  add: 'إضافة الخادم',
  remove: address => `إزالة ${leftToRight(address)}`,
  attempt: 'تجربة',
  tried: { trying: 'جارٍ السؤال…', yes: 'إنه يجيب.', no: 'لا يجيب.' },
  fromNowOn: 'يسري على الاتصالات التي تُجرى من الآن فصاعدًا.',
}
