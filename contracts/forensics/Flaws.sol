// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

// Planted flaws of other shapes than the drill's, for the tests of counterfactuals. None logs what it does.

import {IERC20} from "../base/Interfaces.sol";

/// @notice Makes the calls it is told to: every attack here is a list of calls.
contract FlawAttacker {
    function run(address[] calldata targets, bytes[] calldata calls) external {
        for (uint256 i = 0; i < targets.length; i++) {
            (bool done, bytes memory why) = targets[i].call(calls[i]);
            if (!done) {
                assembly {
                    revert(add(why, 32), mload(why))
                }
            }
        }
    }
}

/// @notice The same from the constructor: there was no attacker's contract before.
contract FlawNewcomer {
    constructor(address[] memory targets, bytes[] memory calls) {
        for (uint256 i = 0; i < targets.length; i++) {
            (bool done,) = targets[i].call(calls[i]);
            require(done, "failed");
        }
    }
}

/// @notice FLAW: anybody may name the keeper, and the keeper may sweep.
contract FlawTill {
    IERC20 public immutable cash;
    address public keeper = msg.sender;
    mapping(address saver => uint256) public saved;
    mapping(address deputy => bool) public deputies;
    bytes32 private seal;

    constructor(IERC20 cash_) {
        cash = cash_;
    }

    /// @notice From now on it works only as long as its code is what it was.
    function sealCode() external {
        seal = address(this).codehash;
    }

    function nameKeeper(address keeper_) external {
        keeper = keeper_;
    }

    function save(uint256 amount) external {
        saved[msg.sender] += amount;
        cash.transferFrom(msg.sender, address(this), amount);
    }

    function sweep(address to, uint256 amount) external {
        require(msg.sender == keeper || deputies[msg.sender], "not the keeper");
        require(seal == 0 || seal == address(this).codehash, "other code");
        cash.transfer(to, amount);
    }
}

/// @notice FLAW: makes any call for anybody, and people have given it approvals.
contract FlawForwarder {
    function forward(address target, bytes calldata call) external returns (bytes memory) {
        (bool done, bytes memory answer) = target.call(call);
        require(done, "failed");
        return answer;
    }
}

/// @notice FLAW: a claim is never marked as paid.
contract FlawClaims {
    IERC20 public immutable cash;
    mapping(address holder => uint256) public owed;

    constructor(IERC20 cash_) {
        cash = cash_;
    }

    function owe(address holder, uint256 amount) external {
        owed[holder] = amount;
    }

    function claim() external {
        cash.transfer(msg.sender, owed[msg.sender]);
    }
}

/// @notice A pool that trades by what it holds; no reserves are written and none can be asked for.
contract FlawPool {
    IERC20 public immutable cash;
    IERC20 public immutable coin;

    constructor(IERC20 cash_, IERC20 coin_) {
        cash = cash_;
        coin = coin_;
    }

    function trade(IERC20 tokenIn, uint256 amount) external {
        IERC20 tokenOut = address(tokenIn) == address(cash) ? coin : cash;
        uint256 held = tokenIn.balanceOf(address(this));
        uint256 out = (tokenOut.balanceOf(address(this)) * amount) / (held + amount);
        tokenIn.transferFrom(msg.sender, address(this), amount);
        tokenOut.transfer(msg.sender, out);
    }
}

/// @notice FLAW: values coins by what a pool holds at this very moment.
contract FlawLender {
    FlawPool public immutable pool;
    IERC20 public immutable cash;
    IERC20 public immutable coin;
    mapping(address borrower => uint256) public posted;
    mapping(address borrower => uint256) public debt;

    constructor(FlawPool pool_) {
        pool = pool_;
        cash = pool_.cash();
        coin = pool_.coin();
    }

    function post(uint256 amount) external {
        posted[msg.sender] += amount;
        coin.transferFrom(msg.sender, address(this), amount);
    }

    function draw(uint256 amount) external {
        debt[msg.sender] += amount;
        uint256 worth = (posted[msg.sender] * cash.balanceOf(address(pool))) / coin.balanceOf(address(pool));
        require(debt[msg.sender] * 4 <= worth * 3, "too much");
        cash.transfer(msg.sender, amount);
    }
}
