import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { searchTerms } from '../../adapters/search-terms.ts'

const { ofText, ofQuestion } = searchTerms

describe('search terms', () => {
  for (const [what, ...spellings] of [
    ['stress marks of Russian', 'больша́я', 'большая', 'БОЛЬШОЙ'],
    ['ё', 'ёлка', 'елки'],
    ['letters of Persian and of Arabic', 'یکی', 'يكي'],
    ['a joint that is not seen, as a plural of Persian has it', 'کتاب‌ها', 'کتابها', 'كتاب'],
    ['vowel marks of Arabic', 'كِتَاب', 'كتاب'],
    ['accents of Greek', 'τρένο', 'τρενο'],
    ['umlauts', 'Größe', 'groesse', 'GROSSE'],
  ] as const)
    test(`do not depend on ${what}`, () => {
      for (const text of spellings)
        for (const question of spellings)
          assert.ok(
            ofQuestion(question)
              .flat()
              .some((term) => ofText(text).includes(term)),
            `${question} in ${text}`,
          )
    })

  test('keep letters apart that only look like others with a mark', () => {
    assert.notDeepEqual(ofText('большой'), ofText('большои'))
  })

  test('of a word that may be written in several ways are one word of a question', () => {
    assert.deepEqual(ofQuestion('blue does'), [
      ['blue', 'blu'],
      ['doe', 'dos'],
    ])
  })

  test('of a name of several words are as many', () => {
    assert.deepEqual(ofQuestion('helveticaI'), [['helvetica'], ['i'], ['helveticai']])
  })

  test('of a question are there once each', () => {
    assert.deepEqual(ofQuestion('the pump, the pumps'), [['the'], ['pump']])
  })
})
