export const detectLanguage = (_pages: unknown) => 'und'
