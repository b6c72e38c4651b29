import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { decodeText } from '../../adapters/extraction/text/decode-text.ts'

const RUSSIAN = 'Все люди рождаются свободными и равными'

const hex = (bytes: string) => Buffer.from(bytes, 'hex')
const latin1 = (text: string) => Buffer.from(text, 'latin1')

describe('an encoding that nothing declares', () => {
  const known: readonly (readonly [encoding: string, bytes: Buffer, text: string])[] = [
    ['windows-1252', latin1('Die Stra\xdfe f\xfchrt \x96 f\xfcr 5 \x80'), 'Die Straße führt – für 5 €'],
    [
      'windows-1252',
      latin1('A caf\xe9 is a place where coffee is served.'),
      'A café is a place where coffee is served.',
    ],
    ['windows-1252', latin1('It\x92s here \x96 \x93at last\x94, for 5 \x80.'), 'It’s here – “at last”, for 5 €.'],
    ['windows-1252', latin1('\x95 one\r\n\x95 two'), '• one\r\n• two'],
    ['windows-1251', hex('c2f1e520ebfee4e820f0eee6e4e0fef2f1ff20f1e2eee1eee4edfbece820e820f0e0e2edfbece8'), RUSSIAN],
    ['koi8-r', hex('f7d3c520ccc0c4c920d2cfd6c4c1c0d4d3d120d3d7cfc2cfc4ced9cdc920c920d2c1d7ced9cdc9'), RUSSIAN],
    ['iso-8859-5', hex('b2e1d520dbeed4d820e0ded6d4d0eee2e1ef20e1d2ded1ded4ddebdcd820d820e0d0d2ddebdcd8'), RUSSIAN],
    [
      'windows-1250',
      latin1('Wszyscy ludzie rodz\xb9 si\xea wolni i r\xf3wni pod wzgl\xeadem godno\x9cci'),
      'Wszyscy ludzie rodzą się wolni i równi pod względem godności',
    ],
    [
      'iso-8859-2',
      latin1('V\xb9ichni lid\xe9 rod\xed se svobodn\xed a sob\xec rovn\xed co do d\xf9stojnosti'),
      'Všichni lidé rodí se svobodní a sobě rovní co do důstojnosti',
    ],
    [
      'windows-1253',
      hex('bcebefe920efe920dcede8f1f9f0efe920e3e5edede9effdedf4e1e920e5ebe5fde8e5f1efe9'),
      'Όλοι οι άνθρωποι γεννιούνται ελεύθεροι',
    ],
    [
      'windows-1254',
      latin1('B\xfct\xfcn insanlar h\xfcr, haysiyet ve haklar bak\xfdm\xfdndan e\xfeit do\xf0arlar.'),
      'Bütün insanlar hür, haysiyet ve haklar bakımından eşit doğarlar.',
    ],
    ['windows-1255', hex('ebec20e1f0e920e4e0e3ed20f0e5ece3e520e1f0e920e7e5f8e9ef'), 'כל בני האדם נולדו בני חורין'],
    ['windows-1256', hex('ede6e1cf20cce3edda20c7e1e4c7d320c3cdd1c7d1c7f0'), 'يولد جميع الناس أحراراً'],
    [
      'shift_jis',
      hex('96bc914f2c944e97ee2c8f5a8f8a0d0a8db293a191be98592c33302c938c8b9e0d0a'),
      '名前,年齢,住所\r\n佐藤太郎,30,東京\r\n',
    ],
    [
      'euc-jp',
      hex('a4b9a4d9a4c6a4cebfcdb4d6a4cfa1a2c0b8a4dea4eca4caa4aca4e9a4cba4b7a4c6bcabcdb3a4c7a4a2a4eba1a3'),
      'すべての人間は、生まれながらにして自由である。',
    ],
    ['iso-2022-jp', hex('1b2442243924592446244e3f4d3456244f3c2b4d3324472422246b1b2842'), 'すべての人間は自由である'],
    [
      'gb18030',
      hex(
        'c8cbc8cbc9fab6f8d7d4d3c92cd4dad7f0d1cfbacdc8a8c0fbc9cfd2bbc2c9c6bdb5c8a1a3cbfbc3c7b8b3d3d0c0edd0d4bacdc1bcd0c4a1a3',
      ),
      '人人生而自由,在尊严和权利上一律平等。他们赋有理性和良心。',
    ],
    [
      'big5',
      hex(
        'a448a448a5cda6d3a6dba5d1a141a662b44cc459a94dc576a751a457a440abdfa5adb5a5a143a54cadccbde1a6b3b27aa9caa94da87da4dfa143',
      ),
      '人人生而自由，在尊嚴和權利上一律平等。他們賦有理性和良心。',
    ],
    [
      'euc-kr',
      hex('b8f0b5e720c0ceb0a3c0ba20c5c2beeeb3af20b6a7bacec5cd20c0dac0afb7cebfecb8e720b1d720c1b8bef6b0fa'),
      '모든 인간은 태어날 때부터 자유로우며 그 존엄과',
    ],
  ]
  for (const [encoding, bytes, text] of known)
    test(`${encoding} is known by the words it makes: ${text.slice(0, 12)}`, () => {
      assert.deepEqual(decodeText(bytes), { text, encoding })
    })

  test('is known among markup, and deep in a file that is ASCII before', () => {
    const html = Buffer.concat([
      latin1('<p class="a b">x</p>\n'.repeat(5_000)),
      hex('c2f1e520ebfee4e820f0eee6e4e0fef2f1ff20f1e2eee1eee4edfbece8'),
    ])
    assert.equal(decodeText(html)?.encoding, 'windows-1251')
  })
})
