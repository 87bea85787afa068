import { expect, test } from 'vitest'
import { parseSignature, type Signature } from './abi-type.ts'
import { definitionOf } from './source-line.ts'

const signature = (text: string): Signature => parseSignature(text) as Signature
const vault = {
  path: 'src/Vault.sol',
  content: `// function withdraw(uint256 amount) {
interface IVault { function withdraw(uint256 amount) external; }
contract Vault {
  /* function withdraw(uint256 a) { } */
  string s = "function withdraw(uint256 a) {";
  function withdraw(address to) public { }
  function withdraw(
    uint amount
  ) external nonReentrant returns (uint256) {
    return amount;
  }
  function move(IERC20 token, Kind kind) external {}
}`,
}

test('a function is found where it has a body: not in comments, texts or interfaces, and by its types among several', () => {
  expect(definitionOf(signature('withdraw(uint256)'), [vault])).toEqual({ file: 'src/Vault.sol', line: 7 })
  expect(definitionOf(signature('withdraw(address)'), [vault])).toEqual({ file: 'src/Vault.sol', line: 6 })
})

test('contract and enum types are what the ABI calls address and uint8: the count of parameters decides', () => {
  expect(definitionOf(signature('move(address,uint8)'), [vault])?.line).toBe(12)
  expect(definitionOf(signature('move(address)'), [vault])).toBeUndefined()
})

test('the first file counts among equals', () => {
  const base = { path: 'src/Base.sol', content: 'contract Base { function withdraw(uint256 x) public {} }' }
  expect(definitionOf(signature('withdraw(uint256)'), [base, vault])?.file).toBe('src/Base.sol')
  expect(definitionOf(signature('withdraw(uint256)'), [vault, base])?.file).toBe('src/Vault.sol')
})

test('Vyper too', () => {
  const pool = {
    path: 'pool.vy',
    content:
      '# def exchange(i: int128):\n@external\ndef exchange(i: int128, j: int128) -> uint256:\n  pass\n',
  }
  expect(definitionOf(signature('exchange(int128,int128)'), [pool])).toEqual({ file: 'pool.vy', line: 3 })
})

test('hostile sources end, and quickly', () => {
  const nested = { path: 'a.sol', content: `${'function f('.repeat(50_000)}${'/*'.repeat(50_000)}` }
  expect(definitionOf(signature('f(uint256)'), [nested])).toBeUndefined()
  const endless = 'function f(x) '.repeat(100_000)
  expect(definitionOf(signature('f(uint256)'), [{ path: 'c', content: endless }])).toBeUndefined()
  expect(definitionOf(signature('f(uint256)'), [{ path: 'b', content: '"'.repeat(500_000) }])).toBeUndefined()
})
