// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Pausable} from "../base/Pausable.sol";
import {IERC20} from "../base/Interfaces.sol";
import {OptionToken} from "../tokens/OptionToken.sol";
import {ExpiryOracle} from "./ExpiryOracle.sol";

/// @notice Cash-settled European puts: writers post the whole strike in USDC, holders exercise for cash after
/// expiry, writers redeem the rest.
/// @dev Paused: write, exercise and redeem are blocked, since every one of them moves collateral or promises it.
/// Option tokens stay transferable; what is owed does not change with time after expiry.
contract OptionsVault is Pausable {
    struct Series {
        OptionToken token;
        uint256 strike; // USDC base units for one option
        uint256 expiry; // seconds
    }

    /// @notice What one writer has in one series.
    struct Position {
        uint256 collateral; // USDC base units
        uint256 outstanding; // options (18 decimals) written and not yet exercised against this writer
    }

    uint256 private constant ONE_OPTION = 1e18;

    IERC20 public immutable usdc;
    ExpiryOracle public immutable oracle;
    Series[] public series;
    mapping(uint256 seriesId => mapping(address writer => Position)) public positions;

    event SeriesCreated(uint256 indexed seriesId, address token, uint256 strike, uint256 expiry);
    event Written(uint256 indexed seriesId, address indexed writer, uint256 amount, uint256 collateral);
    event Exercised(uint256 indexed seriesId, address indexed holder, address indexed writer, uint256 amount, uint256 paid);
    event Redeemed(uint256 indexed seriesId, address indexed writer, uint256 paid);

    error Expired(uint256 seriesId);
    error NotSettled(uint256 seriesId);
    error BalanceTooLow(address holder, uint256 amount);
    error CollateralTooLow(address writer, uint256 payment);
    error NothingToRedeem(address writer);

    constructor(address guardian_, IERC20 usdc_, ExpiryOracle oracle_) Pausable(guardian_) {
        usdc = usdc_;
        oracle = oracle_;
    }

    /// @notice Opens a series of puts; `strike` in USDC base units, `expiry` in seconds.
    function createSeries(string calldata symbol, uint256 strike, uint256 expiry) external onlyOwner returns (uint256 id) {
        id = series.length;
        OptionToken token = new OptionToken(symbol);
        series.push(Series(token, strike, expiry));
        emit SeriesCreated(id, address(token), strike, expiry);
    }

    /// @notice Posts the strike of `amount` options in USDC and sends the options to `to`.
    function write(uint256 seriesId, uint256 amount, address to) external whenNotPaused {
        Series storage s = series[seriesId];
        if (block.timestamp >= s.expiry) revert Expired(seriesId);
        uint256 collateral = (amount * s.strike + ONE_OPTION - 1) / ONE_OPTION;
        Position storage position = positions[seriesId][msg.sender];
        position.collateral += collateral;
        position.outstanding += amount;
        usdc.transferFrom(msg.sender, address(this), collateral);
        s.token.mint(to, amount);
        emit Written(seriesId, msg.sender, amount, collateral);
    }

    /// @notice Exercises `amount` options against each writer in the list.
    /// @dev FLAW, after Opyn (4 August 2020, about 371,000 USDC): its exercise() looped over vaults and honoured one
    /// payment (msg.value) for each of them. Here one balance is good for every writer in the list, and the
    /// burn below happens once instead of writers.length times.
    function exercise(uint256 seriesId, uint256 amount, address[] calldata writers) external whenNotPaused {
        Series storage s = series[seriesId];
        for (uint256 i = 0; i < writers.length; i++) {
            if (s.token.balanceOf(msg.sender) < amount) revert BalanceTooLow(msg.sender, amount);
            _payFrom(seriesId, writers[i], amount);
        }
        s.token.burn(msg.sender, amount);
    }

    /// @notice Pays a writer what its open options cannot claim any more.
    function redeem(uint256 seriesId) external whenNotPaused {
        Position storage position = positions[seriesId][msg.sender];
        uint256 owed = (position.outstanding * payoff(seriesId) + ONE_OPTION - 1) / ONE_OPTION;
        if (position.collateral <= owed) revert NothingToRedeem(msg.sender);
        uint256 paid = position.collateral - owed;
        position.collateral = owed;
        usdc.transfer(msg.sender, paid);
        emit Redeemed(seriesId, msg.sender, paid);
    }

    /// @notice What one option pays, USDC base units; reverts before settlement.
    function payoff(uint256 seriesId) public view returns (uint256) {
        Series storage s = series[seriesId];
        uint256 price = oracle.priceAt(s.expiry);
        if (price == 0) revert NotSettled(seriesId);
        return s.strike > price ? s.strike - price : 0;
    }

    function _payFrom(uint256 seriesId, address writer, uint256 amount) private {
        uint256 payment = (amount * payoff(seriesId)) / ONE_OPTION;
        Position storage position = positions[seriesId][writer];
        if (position.collateral < payment) revert CollateralTooLow(writer, payment);
        position.collateral -= payment;
        position.outstanding -= amount < position.outstanding ? amount : position.outstanding;
        usdc.transfer(msg.sender, payment);
        emit Exercised(seriesId, msg.sender, writer, amount, payment);
    }
}
