// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

import {TestToken} from "../tokens/TestToken.sol";

/// A fixture of ours: the five pause flags of Compound v3's Comet and what each guards, written anew. One collateral, no
/// interest. As in Comet a supply of the base asset is a repayment where there is debt, and a withdrawal of it a borrow.
contract LeverComet {
    error Paused();
    error Unauthorized();
    error NotCollateralized();
    error NotLiquidatable();

    address public governor = msg.sender;
    address public pauseGuardian;
    TestToken public immutable baseToken;
    TestToken public immutable collateral;
    uint8 private flags;
    uint256 public price = 1e18;
    mapping(address => int256) public principal;
    mapping(address => uint256) public held;

    constructor(TestToken base, TestToken other, address guardian) {
        baseToken = base;
        collateral = other;
        pauseGuardian = guardian;
    }

    function setPrice(uint256 to) external {
        if (msg.sender != governor) revert Unauthorized();
        price = to;
    }

    function pause(bool supplyPaused, bool transferPaused, bool withdrawPaused, bool absorbPaused, bool buyPaused)
        external
    {
        if (msg.sender != governor && msg.sender != pauseGuardian) revert Unauthorized();
        flags = bit(supplyPaused, 0) | bit(transferPaused, 1) | bit(withdrawPaused, 2) | bit(absorbPaused, 3)
            | bit(buyPaused, 4);
    }

    function isSupplyPaused() public view returns (bool) {
        return flags & 1 != 0;
    }

    function isTransferPaused() public view returns (bool) {
        return flags & 2 != 0;
    }

    function isWithdrawPaused() public view returns (bool) {
        return flags & 4 != 0;
    }

    function isAbsorbPaused() public view returns (bool) {
        return flags & 8 != 0;
    }

    function isBuyPaused() public view returns (bool) {
        return flags & 16 != 0;
    }

    function supply(address asset, uint256 amount) external {
        if (isSupplyPaused()) revert Paused();
        TestToken(asset).transferFrom(msg.sender, address(this), amount);
        if (asset == address(baseToken)) principal[msg.sender] += int256(amount);
        else held[msg.sender] += amount;
    }

    function withdraw(address asset, uint256 amount) external {
        if (isWithdrawPaused()) revert Paused();
        take(msg.sender, asset, amount);
        TestToken(asset).transfer(msg.sender, amount);
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        if (isTransferPaused()) revert Paused();
        take(msg.sender, address(baseToken), amount);
        principal[to] += int256(amount);
        return true;
    }

    function absorb(address, address[] calldata accounts) external {
        if (isAbsorbPaused()) revert Paused();
        for (uint256 i = 0; i < accounts.length; i++) {
            if (isCollateralized(accounts[i])) revert NotLiquidatable();
            held[address(this)] += held[accounts[i]];
            held[accounts[i]] = 0;
            principal[accounts[i]] = 0;
        }
    }

    function buyCollateral(address asset, uint256 minAmount, uint256 baseAmount, address recipient) external {
        if (isBuyPaused()) revert Paused();
        baseToken.transferFrom(msg.sender, address(this), baseAmount);
        held[address(this)] -= minAmount;
        TestToken(asset).transfer(recipient, minAmount);
    }

    function take(address from, address asset, uint256 amount) private {
        if (asset == address(baseToken)) principal[from] -= int256(amount);
        else held[from] -= amount;
        if (!isCollateralized(from)) revert NotCollateralized();
    }

    function isCollateralized(address who) public view returns (bool) {
        return principal[who] + int256(held[who] * price / 1e18 * 8 / 10) >= 0;
    }

    function bit(bool on, uint8 place) private pure returns (uint8) {
        return on ? uint8(1) << place : 0;
    }
}
