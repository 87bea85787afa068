// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Pausable} from "../base/Pausable.sol";
import {IERC20, IUniswapV2Pair} from "../base/Interfaces.sol";
import {PairTrade} from "../base/PairTrade.sol";

/// @notice Lends USDC against ACME. No interest: what is supplied is what can be withdrawn, cash permitting.
/// @dev Paused: supply, withdraw, withdrawCollateral and borrow are blocked. repay and depositCollateral stay
/// open, because a pause must not push a borrower into liquidation; liquidate stays open, because a market that
/// cannot liquidate piles up bad debt for as long as it is paused, and a liquidator pays for what it takes.
contract LendingMarket is Pausable {
    uint256 private constant ONE_COLLATERAL = 1e18;
    uint256 private constant BASIS = 10_000;
    /// @notice How much may be borrowed against collateral, basis points.
    uint256 public constant BORROW_LIMIT = 7_500;
    /// @notice Above this share of debt to collateral an account may be liquidated, basis points.
    uint256 public constant LIQUIDATION_LIMIT = 8_000;
    /// @notice What a liquidator gets above what it repays, basis points.
    uint256 public constant LIQUIDATION_BONUS = 500;
    /// @notice How much of a debt one liquidation may repay, basis points.
    uint256 public constant CLOSE_FACTOR = 5_000;

    IERC20 public immutable usdc;
    IERC20 public immutable collateralToken;
    IUniswapV2Pair public immutable pair;
    mapping(address lender => uint256 amount) public supplied;
    mapping(address borrower => uint256 amount) public collateral;
    mapping(address borrower => uint256 amount) public debt;

    event Supplied(address indexed lender, uint256 amount);
    event Withdrawn(address indexed lender, uint256 amount);
    event CollateralDeposited(address indexed borrower, uint256 amount);
    event CollateralWithdrawn(address indexed borrower, uint256 amount);
    event Borrowed(address indexed borrower, uint256 amount);
    event Repaid(address indexed borrower, uint256 amount);
    event Liquidated(address indexed borrower, address indexed liquidator, uint256 repaid, uint256 seized);

    error TooMuch(uint256 asked, uint256 allowed);
    error Unhealthy(address borrower, uint256 debt, uint256 limit);
    error Healthy(address borrower);

    constructor(address guardian_, IERC20 usdc_, IERC20 collateralToken_, IUniswapV2Pair pair_) Pausable(guardian_) {
        usdc = usdc_;
        collateralToken = collateralToken_;
        pair = pair_;
    }

    /// @notice Lends USDC to the pool.
    function supply(uint256 amount) external whenNotPaused {
        supplied[msg.sender] += amount;
        usdc.transferFrom(msg.sender, address(this), amount);
        emit Supplied(msg.sender, amount);
    }

    /// @notice Takes supplied USDC back.
    function withdraw(uint256 amount) external whenNotPaused {
        uint256 own = supplied[msg.sender];
        if (amount > own) revert TooMuch(amount, own);
        supplied[msg.sender] = own - amount;
        usdc.transfer(msg.sender, amount);
        emit Withdrawn(msg.sender, amount);
    }

    /// @notice Adds collateral; open while paused.
    function depositCollateral(uint256 amount) external {
        collateral[msg.sender] += amount;
        collateralToken.transferFrom(msg.sender, address(this), amount);
        emit CollateralDeposited(msg.sender, amount);
    }

    /// @notice Takes collateral back as far as the debt allows.
    function withdrawCollateral(uint256 amount) external whenNotPaused {
        uint256 own = collateral[msg.sender];
        if (amount > own) revert TooMuch(amount, own);
        collateral[msg.sender] = own - amount;
        _requireBelow(msg.sender, BORROW_LIMIT);
        collateralToken.transfer(msg.sender, amount);
        emit CollateralWithdrawn(msg.sender, amount);
    }

    /// @notice Borrows USDC against the collateral's price of this very moment.
    function borrow(uint256 amount) external whenNotPaused {
        debt[msg.sender] += amount;
        _requireBelow(msg.sender, BORROW_LIMIT);
        usdc.transfer(msg.sender, amount);
        emit Borrowed(msg.sender, amount);
    }

    /// @notice Pays back; open while paused.
    function repay(uint256 amount) external {
        uint256 owed = debt[msg.sender];
        if (amount > owed) revert TooMuch(amount, owed);
        debt[msg.sender] = owed - amount;
        usdc.transferFrom(msg.sender, address(this), amount);
        emit Repaid(msg.sender, amount);
    }

    /// @notice Repays part of an unhealthy debt for its collateral and a bonus; open while paused.
    function liquidate(address borrower, uint256 amount) external {
        uint256 owed = debt[borrower];
        if (owed <= _limitOf(borrower, LIQUIDATION_LIMIT)) revert Healthy(borrower);
        uint256 most = (owed * CLOSE_FACTOR) / BASIS;
        if (amount > most) revert TooMuch(amount, most);
        uint256 seized = (amount * (BASIS + LIQUIDATION_BONUS) * ONE_COLLATERAL) / (BASIS * collateralPrice());
        if (seized > collateral[borrower]) seized = collateral[borrower];
        debt[borrower] = owed - amount;
        collateral[borrower] -= seized;
        usdc.transferFrom(msg.sender, address(this), amount);
        collateralToken.transfer(msg.sender, seized);
        emit Liquidated(borrower, msg.sender, amount, seized);
    }

    /// @notice USDC base units for one whole ACME.
    /// @dev FLAW, after Harvest (October 2020), Cheese Bank (November 2020) and Inverse (June 2022): the spot
    /// reserves of one pool are what anybody with a flash loan says they are for the length of a transaction.
    function collateralPrice() public view returns (uint256) {
        (uint256 own, uint256 other) = PairTrade.reservesOf(pair, address(collateralToken));
        return (other * ONE_COLLATERAL) / own;
    }

    /// @notice True where the account may be liquidated.
    function isUnhealthy(address borrower) external view returns (bool) {
        return debt[borrower] > _limitOf(borrower, LIQUIDATION_LIMIT);
    }

    function _requireBelow(address borrower, uint256 basisPoints) private view {
        uint256 limit = _limitOf(borrower, basisPoints);
        if (debt[borrower] > limit) revert Unhealthy(borrower, debt[borrower], limit);
    }

    function _limitOf(address borrower, uint256 basisPoints) private view returns (uint256) {
        if (collateral[borrower] == 0) return 0;
        return (collateral[borrower] * collateralPrice() * basisPoints) / (ONE_COLLATERAL * BASIS);
    }
}
