import type { SearchTerms } from '../domain/keyword-scores.ts'
import { askedWords, keywords } from '../domain/keywords.ts'
import { wordFormsOf } from './word-forms.ts'

/** The same in every store. */
export const searchTerms: SearchTerms = {
  ofText: (text) => keywords(text, wordFormsOf(text)),
  ofQuestion: (question) => [
    ...new Map(askedWords(question, wordFormsOf(question)).map((word) => [word.join(' '), word])).values(),
  ],
}
