// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.20;

import {TestToken} from "../tokens/TestToken.sol";

// A fixture of ours: the pause guardians, liquidity checks and the deprecated-market rule of Compound v2's Comptroller and
// CToken, written anew. Interest, COMP and the exchange rate (1 to 1 here) are left out: no lever touches them.

contract LeverComptroller {
    struct Market {
        bool isListed;
        uint256 collateralFactorMantissa;
        bool isComped;
    }

    address public admin = msg.sender;
    address public pauseGuardian;
    mapping(address => Market) public markets;
    mapping(address => bool) public mintGuardianPaused;
    mapping(address => bool) public borrowGuardianPaused;
    bool public transferGuardianPaused;
    bool public seizeGuardianPaused;
    mapping(address => uint256) public price;
    address public borrowCapGuardian;
    mapping(address => uint256) public borrowCaps;
    LeverCToken[] private all;

    modifier onlyAdmin() {
        require(msg.sender == admin, "admin");
        _;
    }

    function setGuardian(address guardian) external onlyAdmin {
        pauseGuardian = guardian;
        borrowCapGuardian = guardian;
    }

    function _setMarketBorrowCaps(LeverCToken[] calldata markets_, uint256[] calldata caps) external {
        require(msg.sender == admin || msg.sender == borrowCapGuardian, "only admin or borrow cap guardian");
        require(markets_.length != 0 && markets_.length == caps.length, "invalid input");
        for (uint256 i = 0; i < caps.length; i++) {
            borrowCaps[address(markets_[i])] = caps[i];
        }
    }

    function list(LeverCToken market, uint256 factor, uint256 first) external onlyAdmin {
        markets[address(market)] = Market(true, factor, false);
        price[address(market)] = first;
        all.push(market);
    }

    function setPrice(address market, uint256 to) external onlyAdmin {
        price[market] = to;
    }

    function _setCollateralFactor(address market, uint256 factor) external onlyAdmin {
        markets[market].collateralFactorMantissa = factor;
    }

    function getAllMarkets() external view returns (LeverCToken[] memory) {
        return all;
    }

    function _setMintPaused(address market, bool state) external returns (bool) {
        require(markets[market].isListed, "cannot pause a market that is not listed");
        mayPause(state);
        return mintGuardianPaused[market] = state;
    }

    function _setBorrowPaused(address market, bool state) external returns (bool) {
        require(markets[market].isListed, "cannot pause a market that is not listed");
        mayPause(state);
        return borrowGuardianPaused[market] = state;
    }

    function _setTransferPaused(bool state) external returns (bool) {
        mayPause(state);
        return transferGuardianPaused = state;
    }

    function _setSeizePaused(bool state) external returns (bool) {
        mayPause(state);
        return seizeGuardianPaused = state;
    }

    function mayPause(bool state) private view {
        require(msg.sender == pauseGuardian || msg.sender == admin, "only pause guardian and admin can pause");
        require(msg.sender == admin || state, "only admin can unpause");
    }

    function mintAllowed(address market) external view {
        require(!mintGuardianPaused[market], "mint is paused");
    }

    function borrowAllowed(address market, address borrower, uint256 amount) external view {
        require(!borrowGuardianPaused[market], "borrow is paused");
        uint256 cap = borrowCaps[market];
        if (cap != 0) require(LeverCToken(market).totalBorrows() + amount < cap, "market borrow cap reached");
        require(liquidity(borrower, market, 0, amount) >= 0, "insufficient liquidity");
    }

    function redeemAllowed(address market, address redeemer, uint256 amount) public view {
        require(liquidity(redeemer, market, amount, 0) >= 0, "insufficient liquidity");
    }

    function transferAllowed(address market, address from, uint256 amount) external view {
        require(!transferGuardianPaused, "transfer is paused");
        redeemAllowed(market, from, amount);
    }

    function liquidateBorrowAllowed(address market, address borrower) external view {
        if (isDeprecated(market)) return;
        require(liquidity(borrower, market, 0, 0) < 0, "insufficient shortfall");
    }

    function seizeAllowed() external view {
        require(!seizeGuardianPaused, "seize is paused");
    }

    function isDeprecated(address market) public view returns (bool) {
        return markets[market].collateralFactorMantissa == 0 && borrowGuardianPaused[market]
            && LeverCToken(market).reserveFactorMantissa() == 1e18;
    }

    function liquidity(address who, address market, uint256 less, uint256 more) private view returns (int256 sum) {
        for (uint256 i = 0; i < all.length; i++) {
            LeverCToken each = all[i];
            bool same = address(each) == market;
            uint256 held = each.balanceOf(who);
            uint256 worth = price[address(each)];
            held = same ? held - less : held;
            uint256 owed = each.borrowBalanceStored(who) + (same ? more : 0);
            sum += int256(held * worth / 1e18 * markets[address(each)].collateralFactorMantissa / 1e18);
            sum -= int256(owed * worth / 1e18);
        }
    }
}

contract LeverCToken {
    LeverComptroller public immutable comptroller;
    TestToken public immutable underlying;
    uint256 public reserveFactorMantissa;
    uint256 public totalBorrows;
    mapping(address => uint256) public balanceOf;
    mapping(address => uint256) public borrowBalanceStored;

    constructor(LeverComptroller with, TestToken token) {
        comptroller = with;
        underlying = token;
    }

    function _setReserveFactor(uint256 factor) external {
        reserveFactorMantissa = factor;
    }

    function mint(uint256 amount) external {
        comptroller.mintAllowed(address(this));
        underlying.transferFrom(msg.sender, address(this), amount);
        balanceOf[msg.sender] += amount;
    }

    function redeem(uint256 amount) external {
        comptroller.redeemAllowed(address(this), msg.sender, amount);
        balanceOf[msg.sender] -= amount;
        underlying.transfer(msg.sender, amount);
    }

    function borrow(uint256 amount) external {
        comptroller.borrowAllowed(address(this), msg.sender, amount);
        borrowBalanceStored[msg.sender] += amount;
        totalBorrows += amount;
        underlying.transfer(msg.sender, amount);
    }

    function repayBorrow(uint256 amount) external {
        underlying.transferFrom(msg.sender, address(this), amount);
        borrowBalanceStored[msg.sender] -= amount;
        totalBorrows -= amount;
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        comptroller.transferAllowed(address(this), msg.sender, amount);
        balanceOf[msg.sender] -= amount;
        balanceOf[to] += amount;
        return true;
    }

    function liquidateBorrow(address borrower, uint256 amount, LeverCToken collateral) external {
        comptroller.liquidateBorrowAllowed(address(this), borrower);
        underlying.transferFrom(msg.sender, address(this), amount);
        borrowBalanceStored[borrower] -= amount;
        totalBorrows -= amount;
        collateral.seize(msg.sender, borrower, amount);
    }

    function seize(address liquidator, address borrower, uint256 amount) external {
        comptroller.seizeAllowed();
        balanceOf[borrower] -= amount;
        balanceOf[liquidator] += amount;
    }
}
