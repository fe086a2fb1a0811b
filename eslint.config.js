import { defineConfig } from 'eslint/config';
import tseslint from 'typescript-eslint';

const readsEnvironment = {
  selector: "MemberExpression[object.name='process'][property.name='env']",
  message: 'Read the environment in src/config only.',
};
// Mongoose takes this as an option of any operation; it would switch the tenant plugin off.
const skipsMiddleware = { selector: "Property[key.name='middleware']", message: 'Hooks must not be skipped.' };

const losesItsSources = {
  object: 'AbortSignal',
  property: 'any',
  message: 'The garbage collector takes its sources away while nothing listens: use cutOffBy of src/shared/cut-off.ts.',
};

export default defineConfig(
  { ignores: ['**/*.js', '**/*.cjs', '**/*.mjs', 'dist/**', '.data/**', 'coverage/**'] },
  tseslint.configs.strictTypeChecked,
  tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      complexity: ['error', 10],
      'max-lines': ['error', { max: 300, skipComments: true, skipBlankLines: true }],
      'max-lines-per-function': ['error', { max: 60, skipComments: true, skipBlankLines: true }],
      'no-restricted-syntax': ['error', readsEnvironment, skipsMiddleware],
      'no-restricted-properties': ['error', losesItsSources],
      // Mongoose and the driver type as classes what they are given as plain objects.
      '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
    },
  },
  { files: ['src/config/**'], rules: { 'no-restricted-syntax': ['error', skipsMiddleware] } },
);
