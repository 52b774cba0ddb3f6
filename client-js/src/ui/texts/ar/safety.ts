/** Owns the Arabic words about who can listen. */
import type { Texts } from '../en.ts'
import { isolated } from '../isolate.ts'

export const safety: Texts['safety'] = {
  open: name => `الاتصال مع ${isolated(name)}`,
  direct: 'مباشر، من متصفح إلى متصفح.',
  relayed: 'عبر مرحّل (خادم TURN) ينقل ما لا يستطيع قراءته.',
  code: 'رمز الأمان',
  lead: 'اقرأه على الطرف الآخر عبر الهاتف أو وجهًا لوجه. تطابق الرمز عند الطرفين يعني أن لا أحد بينكما.',
  differs: 'إذا اختلف الرمزان فهناك من يقف بينكما: لا تتابع.',
  starHost: 'في النجمة يسري هذا على الطريق بينكما أنتما. ما يقوله الضيوف بعضهم لبعض يمر عبر المضيف.',
  viaHost: name =>
    `تصل إلى ${isolated(name)} عبر المضيف، الذي ينقل ما تقولانه ويمكنه قراءته وتغييره. لا يضمن الرمز إلا اتصالك بالمضيف.`,
  noHttps: 'وصلت هذه الصفحة بدون HTTPS، فلن يثبت الرمز شيئًا.',
  none: 'لا يوجد اتصال في هذه اللحظة.',
}
